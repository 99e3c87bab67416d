#include "proxy/intercept/nftables.h"

#include <memory>

extern "C" {
#include <nftables/libnftables.h>
}

namespace brownout::proxy {

rules::Result<void> run_nft(const std::string& script) {
  const std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)> nft(nft_ctx_new(NFT_CTX_DEFAULT),
                                                              &nft_ctx_free);
  if (!nft) {
    return tl::unexpected(rules::Error{rules::Origin::kInternal, "nftables: no memory", {}, {}});
  }
  nft_ctx_buffer_output(nft.get());
  nft_ctx_buffer_error(nft.get());
  if (nft_run_cmd_from_buffer(nft.get(), script.c_str()) == 0) return {};
  std::string why = nft_ctx_get_error_buffer(nft.get());
  // The line that it quotes is ours, and of no use to the reader.
  why = why.substr(0, why.find('\n'));
  return tl::unexpected(rules::Error{rules::Origin::kInternal, "nftables: " + why, {}, {}});
}

}  // namespace brownout::proxy
