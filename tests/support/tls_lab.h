// Computes the rules' verdict on one TLS handshake. Uses no sockets and not OpenSSL.
#pragma once

#include <string>

#include "rules/engine/plan.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

struct Hello {
  std::string sni = "chat.example.org";
  std::vector<std::string> alpn = {"h2", "http/1.1"};
};

// `terminated` tells whether the listener has tls = { ca = ... }.
inline rules::TlsVerdict shake(const std::string& rules, const Hello& said = {},
                               bool terminated = false, std::uint64_t seed = 1) {
  const auto config = config_of(rules, "tls", terminated ? "tls = { ca = \"x\" }" : "");
  const auto set = rules::RuleSet::activate(config.rules, seed, Instant{});
  rules::ClientHello hello;
  hello.sni = said.sni;
  hello.alpn = said.alpn;
  auto flow = flow_of();
  flow.hello = &hello;
  return rules::plan_handshake(*set, flow).verdict;
}

}  // namespace brownout::test
