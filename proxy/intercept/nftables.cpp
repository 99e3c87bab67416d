#include "proxy/intercept/nftables.h"

#include <memory>
#include <utility>

extern "C" {
#include <nftables/libnftables.h>
}

namespace brownout::proxy {

namespace {

tl::unexpected<rules::Error> failed(const std::string& why, std::string hint) {
  return tl::unexpected(rules::Error{rules::Origin::kInternal,
                                     "cannot read or change the nftables rules: " + why,
                                     std::move(hint),
                                     {}});
}

rules::Result<std::string> run_script(const std::string& script, unsigned output_flags) {
  const std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> nft(nft_ctx_new(NFT_CTX_DEFAULT),
                                                              &nft_ctx_free);
  if (!nft) {
    return failed("there is no memory for libnftables", "free memory, and try again");
  }
  nft_ctx_output_set_flags(nft.get(), output_flags);
  nft_ctx_buffer_output(nft.get());
  nft_ctx_buffer_error(nft.get());
  if (nft_run_cmd_from_buffer(nft.get(), script.c_str()) == 0) {
    return std::string(nft_ctx_get_output_buffer(nft.get()));
  }
  std::string why = nft_ctx_get_error_buffer(nft.get());
  // Keeps only the first line of nft's message: the rest quotes the generated script, which does
  // not help the reader.
  why = why.substr(0, why.find('\n'));
  return failed(why,
                "this needs root or the capability CAP_NET_ADMIN, and a kernel with nf_tables");
}

}  // namespace

rules::Result<void> run_nft(const std::string& script) {
  const auto done = run_script(script, 0);
  if (!done) return tl::unexpected(done.error());
  return {};
}

rules::Result<std::string> ask_nft(const std::string& script) {
  return run_script(script, NFT_CTX_OUTPUT_JSON);
}

}  // namespace brownout::proxy
