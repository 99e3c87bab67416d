// DnsQuery: one DNS query, the rules that act on it, and the client that gets its answer. Owned by
// the DnsServer, or by a DnsForwarder while a resolver is asked. Use only on the event loop's
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "proxy/loop/loop.h"
#include "proxy/net/datagrams.h"
#include "rules/engine/plan_query.h"
#include "rules/protocols/dns/codec/dns.h"

namespace brownout::proxy {

struct DnsQuery {
  rules::FlowFacts facts;
  codecs::Bytes message;  // the query as it was received, or the one for `other_question`
  // Set while another name is resolved than the client's (other_name.h).
  std::optional<rules::DnsQuestion> other_question;
  codecs::Bytes clients_message;  // with `other_question`: the query as it was received
  rules::QueryPlan plan;          // the rules that act on this query
  Duration delay{};               // delay that rules add to the answer
  SocketAddress client;
  LocalAddress local;        // local address to which the client sent a UDP query
  std::uint64_t stream = 0;  // number of the client's TCP connection; 0 for UDP

  // Returns the question that the zone or a resolver answers.
  const rules::DnsQuestion& resolved() const {
    return other_question ? *other_question : *facts.dns.question;
  }
  rules::Transport transport() const { return *facts.dns.transport; }
  codecs::ByteView question() const { return codecs::find_dns_question(message); }
};

using DnsQueryPtr = std::unique_ptr<DnsQuery>;

}  // namespace brownout::proxy
