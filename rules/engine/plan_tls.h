// Functions that decide whether the proxy intercepts (decrypts) a TLS connection. It does so only
// if a rule that acts inside TLS matches the connection. All other connections stay encrypted end
// to end. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "rules/engine/rule_set.h"
#include "rules/match/protocol.h"

namespace brownout::rules {

// Whether the rule needs decrypted TLS: it acts on requests or messages of the protocol `inside`,
// or on a handshake in which the proxy shows its own certificate.
bool acts_inside_tls(const Rule& rule, Protocol inside);

struct TlsPlan {
  RuleRef rule;  // the first rule that needs the connection decrypted; null if none does
  // Whether the client offers by ALPN only protocols that the proxy does not speak, such as HTTP/3.
  bool foreign = false;

  bool decrypts() const { return rule && !foreign; }
};

// Decides about a connection whose ClientHello (flow.hello) has arrived.
TlsPlan plan_tls(const RuleSet& set, const FlowFacts& flow, Protocol inside);
// Whether a rule may need the connection decrypted, as far as is known before its ClientHello has
// arrived.
bool may_decrypt(const RuleSet& set, const FlowFacts& flow, Protocol inside);

// Returns the decision as a sentence without a period, for `explain`.
std::string to_text(const TlsPlan& plan);

}  // namespace brownout::rules
