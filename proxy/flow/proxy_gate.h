// ProxyGate: reads the request of a forward proxy's client (SOCKS, CONNECT, or HTTP for an http://
// URL) and resolves the name of its target.
//
//   request -> DNS rules for the name -> lookup -> (delay) -> target_known()
//
// If the lookup fails, because of a rule or of the resolver, the client gets the proxy protocol's
// error reply, after the time that a resolver would take. A member of the flow that owns the
// connection; use only on the event loop's thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/flow/host.h"
#include "proxy/net/stream.h"
#include "rules/engine/plan_query.h"
#include "rules/protocols/proxy/codec/proxy_request.h"

namespace brownout::proxy {

class ProxyGate final : public Retirable, private Deadline {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Called when the server's addresses are known; facts.destination and facts.names are set.
    virtual void target_known(std::vector<Endpoint> servers) = 0;
    // Called when the request fails. The owner sends `reply` to the client, then FIN.
    virtual void target_refused(std::string reply) = 0;
  };

  ProxyGate(Host& host, Owner& owner, const ListenerView& listener, rules::FlowFacts& facts);
  ~ProxyGate() override;

  // Reads the client's request. Call when the client's socket is readable.
  void read(Stream& stream);
  // Resolves another target, which the client has named inside HTTP.
  void find(const Endpoint& target);
  // Whether the client's request is HTTP for an http:// URL, and still unread.
  bool forwards() const { return forwards_; }
  const Endpoint& target() const { return target_; }
  // Whether the client's request is complete.
  bool asked() const { return asked_; }
  // Return the reply for the client: connected() after the server was connected, unreachable() if
  // it could not be reached.
  std::string connected() const { return request_.connected(); }
  std::string unreachable(std::string_view why) const;

 private:
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
  bool forwards_ = false;
  Endpoint target_;
  rules::FlowFacts query_;
  rules::QueryPlan plan_;
  Duration delay_{};
  Resolver::Ticket ticket_;
  rules::DnsReply reply_;
};

}  // namespace brownout::proxy
