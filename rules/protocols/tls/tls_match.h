// TlsMatch selects TLS connections by server name (SNI), ALPN protocol and JA3 hash, for the
// `match` of a rule. A plain value, owned by its rule; any thread.
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
  // Returns the name of the first key that the ClientHello does not match, or "" if it matches.
  std::string_view mismatch(const ClientHello& hello) const;
};

std::vector<Field<TlsMatch>> tls_match_fields();

}  // namespace brownout::rules
