// DnsQuery: one DNS query, the rules that act on it, and the client that gets its answer. Owned by
// the DnsServer, or by a DnsForwarder while a resolver is asked. Loop's thread only.
#pragma once

#include <cstdint>
#include <memory>

#include "proxy/loop/loop.h"
#include "proxy/net/datagrams.h"
#include "rules/engine/plan_query.h"
#include "rules/protocols/dns/codec/dns.h"

namespace brownout::proxy {

struct DnsQuery {
  rules::FlowFacts facts;
  codecs::Bytes message;  // as received
  rules::QueryPlan plan;  // the rules that act on this query
  Duration delay{};       // delay of the answer, by rules
  SocketAddress client;
  LocalAddress local;        // UDP: local address that the client used
  std::uint64_t stream = 0;  // TCP: number of the client's connection; 0 for UDP

  rules::Transport transport() const { return *facts.dns.transport; }
  codecs::ByteView question() const { return codecs::find_dns_question(message); }
};

using DnsQueryPtr = std::unique_ptr<DnsQuery>;

}  // namespace brownout::proxy
