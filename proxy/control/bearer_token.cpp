#include "proxy/control/bearer_token.h"

#include <openssl/crypto.h>

namespace brownout::proxy {

bool has_bearer_token(const rules::HttpHead& head, const std::string& token) {
  const auto* given = head.find("authorization");
  const std::string wanted = "Bearer " + token;
  return given != nullptr && !token.empty() && given->size() == wanted.size() &&
         CRYPTO_memcmp(given->data(), wanted.data(), wanted.size()) == 0;
}

}  // namespace brownout::proxy
