// DnsServer: answers the DNS queries that one listener receives on its UDP and TCP port, on one
// worker thread.
//
//  query -> rules -> answer of a rule, zone or resolver -> rules on the answer -> (delay) -> client
//
// Answers that no rule changes pass unchanged except for their id. Owned by its worker
// (proxy/engine/worker.h); use only on the event loop's thread.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/dns/forwarder.h"
#include "proxy/dns/stream_client.h"
#include "proxy/dns/transfer.h"
#include "proxy/dns/waiting_answers.h"
#include "proxy/flow/acceptor.h"
#include "proxy/flow/service.h"
#include "proxy/net/port.h"

namespace brownout::proxy {

class DnsServer final : public Service {
 public:
  DnsServer(Host& host, DatagramBatch& batch, std::shared_ptr<const ListenerView> view,
            std::shared_ptr<UpstreamGroup> group, PortSockets sockets);
  ~DnsServer() override;

  void set_view(std::shared_ptr<const ListenerView> view,
                std::shared_ptr<UpstreamGroup> group) override;
  // Applies new rules to later queries. A pending query keeps the rules that were in force when it
  // arrived, since it ends within seconds.
  void apply(const rules::RuleSet& set) override;
  void cut() override;

 private:
  struct Socket final : Ready {
    explicit Socket(DnsServer& of) : server(of) {}
    void on_ready(std::uint32_t) noexcept override { server.read_datagrams(); }
    DnsServer& server;
    Fd fd;  // null if the listener has no UDP port
  };

  std::unique_ptr<DnsForwarder> make_forwarder(std::shared_ptr<UpstreamGroup> group);
  void answered(DnsQueryPtr query, std::span<std::byte> answer);
  void crowded(DnsQueryPtr query);
  void transfer_answered(DnsTransfer& transfer, DnsQueryPtr query, std::span<std::byte> message,
                         bool more);
  void transfer_part(DnsTransfer& transfer, codecs::ByteView message, bool last);
  void transfer_over(DnsTransfer& transfer, bool unfinished);
  void accept(Acceptor& acceptor, Fd fd, const SocketAddress& peer);
  void stream_query(DnsStreamClient& client, std::span<std::byte> message);
  void stream_drained(DnsStreamClient& client);
  void stream_over(DnsStreamClient& client);
  void read_datagrams();
  void handle_query(DnsQueryPtr query);
  void resolve(DnsQueryPtr query);
  void start_transfer(DnsQueryPtr query, std::shared_ptr<UpstreamGroup> group);
  void transfer_begins(const DnsQuery& query);
  void transfer_lost(const DnsQuery& query);
  void forget_transfer(std::uint64_t ordinal);
  void stop_transfers_of(const DnsStreamClient& client);
  bool find_resolver(DnsQuery& query);
  // Returns the forwarder to the query's resolver, or null if the query has no resolver. For an
  // intercepted query, also returns null if too many resolvers are in use.
  DnsForwarder* forwarder_for(const DnsQuery& query);
  void answer_here(DnsQueryPtr query);
  void forget_idle_resolvers();
  void log_full() const;
  void reply(DnsQueryPtr query, rules::DnsReply reply);
  void finish(DnsAnswer answer);
  void send_answer(DnsAnswer answer);
  void record(const DnsQuery& query, const rules::QueryPlan::Notes& notes);

  void drop(const DnsQuery& query);
  void reject(const DnsQuery& query);
  void measure(const DnsQuery& query, codecs::ByteView answer);
  void learn(codecs::ByteView answer);
  void flush_answers();
  void batch_over();
  void overflow();
  void ask_again(std::vector<DnsQueryPtr> queries);

  Host& host_;
  Loop& loop_;
  DatagramBatch& batch_;
  std::shared_ptr<const ListenerView> view_;
  Socket socket_{*this};
  // asks the listener's resolvers; null if all answers come from a [[zone]]
  std::unique_ptr<DnsForwarder> forwarder_;
  // the forwarder that a reload has replaced, kept until its pending queries end
  std::unique_ptr<DnsForwarder> previous_;
  std::shared_ptr<UpstreamGroup> group_;
  // forwarders of intercepted queries, by the address of the resolver
  std::map<std::string, std::unique_ptr<DnsForwarder>> intercepted_;
  std::unordered_map<std::uint64_t, std::unique_ptr<DnsStreamClient>> streams_;
  // zone transfers in progress, by the ordinal of the query
  std::map<std::uint64_t, std::unique_ptr<DnsTransfer>> transfers_;
  std::uint64_t stream_numbers_ = 0;
  std::unique_ptr<Acceptor> acceptor_;
  WaitingAnswers waiting_;
  std::vector<DnsAnswer> ready_;  // UDP answers that one system call will send
  bool warned_overflow_ = false;
  bool warned_crowd_ = false;
  bool warned_stray_ = false;
};

}  // namespace brownout::proxy
