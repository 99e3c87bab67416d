// A DNS query on its way through the proxy, and where its answer goes. One owner at a time: the
// server, then the forwarder while a resolver is asked. Loop's thread only.
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
  codecs::Bytes message;  // as it came
  rules::QueryPlan plan;  // the rules that act on it
  Duration delay{};       // that they want
  SocketAddress client;
  LocalAddress local;        // over UDP
  std::uint64_t stream = 0;  // over TCP: the number of the connection

  rules::Transport transport() const { return *facts.dns.transport; }
  codecs::ByteView question() const { return codecs::find_dns_question(message); }
};

using DnsQueryPtr = std::unique_ptr<DnsQuery>;

}  // namespace brownout::proxy
