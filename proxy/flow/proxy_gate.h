// ProxyGate: what a client of a forward proxy says before it is served, and the address that its
// target's name has.
//
//   SOCKS or CONNECT -> the rules of DNS, for the name -> its addresses -> (delay) -> known
//
// A name that rules, or the resolver, let fail is told so as a proxy would, after the time that a
// resolver would take. Part of what owns the connection. Loop's thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/flow/host.h"
#include "proxy/net/stream.h"
#include "rules/engine/plan_query.h"
#include "rules/protocols/proxy/codec/proxy_request.h"

namespace brownout::proxy {

class ProxyGate final : private Deadline {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // facts.destination and facts.names are known.
    virtual void target_known(std::vector<Endpoint> servers) = 0;
    // `reply` goes out, then FIN.
    virtual void target_refused(std::string reply) = 0;
  };

  ProxyGate(Host& host, Owner& owner, const ListenerView& listener, rules::FlowFacts& facts);
  ~ProxyGate() override;

  // Something came.
  void read(Stream& stream);
  // Whether the client has said all that it is to say.
  bool asked() const { return asked_; }
  // What the client is told of its server.
  std::string connected() const { return request_.connected(); }
  std::string unreachable(std::string_view why) const;

 private:
  void find_target();
  void ask_rules();
  void resolved(const Result<std::vector<IpAddress>>& answer);
  void settle(rules::DnsReply reply);
  void finish();
  void record(const rules::QueryPlan::Notes& notes);
  void on_due(Instant) noexcept override { finish(); }

  Host& host_;
  Owner& owner_;
  rules::FlowFacts& facts_;
  codecs::ProxyRequest request_;
  bool asked_ = false;
  rules::FlowFacts query_;
  rules::QueryPlan plan_;
  Duration delay_{};
  Resolver::Ticket ticket_;
  rules::DnsReply reply_;
};

}  // namespace brownout::proxy
