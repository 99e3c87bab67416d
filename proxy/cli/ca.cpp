// brownout ca: creates or shows the local certificate authority for tests.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/formats/json_text.h"
#include "proxy/tls/authority.h"

namespace brownout::cli {
namespace {

int print_ca_error(const rules::Error& error) {
  fmt::print(stderr, "error: {}\n", error.what);
  if (!error.hint.empty()) fmt::print(stderr, "     = {}\n", error.hint);
  return kBadInput;
}

}  // namespace

int ca_init(const std::string& folder) {
  const auto made = tls::Authority::init(folder);
  if (!made) return print_ca_error(made.error());
  fmt::print("Made {0}/ca.pem and {0}/ca.key. Only you can read the key; keep it secret.\n",
             folder);
  return ca_show(folder, "");
}

int ca_show(const std::string& folder, const std::string& output) {
  const auto authority = tls::Authority::load(folder);
  if (!authority) return print_ca_error(authority.error());
  if (output == "json") {
    const nlohmann::ordered_json about{{"certificate", folder + "/ca.pem"},
                                       {"sha256", authority->fingerprint()},
                                       {"expires", authority->expires()}};
    fmt::print("{}\n", codecs::json_text(about, 1));
    return 0;
  }
  fmt::print(
      "certificate  {0}/ca.pem\n"
      "SHA-256      {1}\n"
      "expires      {2}\n\n"
      "In the rule file:  tls = {{ ca = \"{0}\" }}\n"
      "Trust it for one program only, never system-wide:\n"
      "  curl --cacert {0}/ca.pem https://...\n"
      "  SSL_CERT_FILE={0}/ca.pem       OpenSSL, Python, Go, Ruby\n"
      "  NODE_EXTRA_CA_CERTS={0}/ca.pem Node.js\n",
      folder, authority->fingerprint(), authority->expires());
  return 0;
}

}  // namespace brownout::cli
