#include "rules/protocols/tls/tls_match.h"

#include <algorithm>

namespace brownout::rules {

std::string_view TlsMatch::mismatch(const ClientHello& hello) const {
  if (!sni.empty() && !any_matches(sni, hello.sni)) return "sni";
  const auto offered = [&](const std::string& protocol) {
    return std::find(hello.alpn.begin(), hello.alpn.end(), protocol) != hello.alpn.end();
  };
  if (!alpn.empty() && std::none_of(alpn.begin(), alpn.end(), offered)) return "alpn";
  if (!ja3.empty() && std::find(ja3.begin(), ja3.end(), hello.ja3) == ja3.end()) return "ja3";
  return "";
}

std::vector<Field<TlsMatch>> tls_match_fields() {
  return {field("sni", &TlsMatch::sni,
                "tls: only clients that request these server names (SNI); patterns as for qname"),
          field("alpn", &TlsMatch::alpn,
                "tls: only clients that offer one of these ALPN protocols, e.g. \"h2\""),
          field("ja3", &TlsMatch::ja3,
                "tls: only clients whose hello has this JA3 hash, 32 hexadecimal digits")};
}

}  // namespace brownout::rules
