// The keys of a match that only connections with TLS have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/tls/tls.h"
#include "rules/schema/name_pattern.h"

namespace brownout::rules {

struct TlsMatch {
  std::vector<NamePattern> sni;
  std::vector<std::string> alpn;
  std::vector<std::string> ja3;

  bool any() const { return !sni.empty() || !alpn.empty() || !ja3.empty(); }
  // The key that it fails, or "".
  std::string_view mismatch(const ClientHello& hello) const;
};

std::vector<Field<TlsMatch>> tls_match_fields();

}  // namespace brownout::rules
