// DnsServer: one DNS listener on one worker, UDP and TCP on one port.
//
// A query's way: question -> the rules that act on it -> their own answer, silence, the zone's
// answer, or the forwarder -> the rules again, if any acted -> (their delay, what holds it) -> the
// client. Answers that no rule touches go on byte for byte, but for the id. Owned by its worker;
// loop's thread only.
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
  // Queries that wait keep the rules they came under: they are over in a moment.
  void apply(const rules::RuleSet& set) override;
  void cut() override;

 private:
  struct Socket final : Ready {
    explicit Socket(DnsServer& of) : server(of) {}
    void on_ready(std::uint32_t) noexcept override { server.read_datagrams(); }
    DnsServer& server;
    Fd fd;  // none where clients come by streams only
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
  // Null: nobody can be asked; of an intercepted query: not now, since too many are.
  DnsForwarder* forwarder_for(const DnsQuery& query);
  void answer_here(DnsQueryPtr query);
  void forget_idle_resolvers();
  void log_full() const;
  void reply(DnsQueryPtr query, rules::DnsReply reply);
  void finish(DnsAnswer answer);
  void send_answer(DnsAnswer answer);
  void record(const DnsQuery& query, const rules::QueryPlan::Notes& notes);

  void drop(const DnsQuery& query);
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
  std::unique_ptr<DnsForwarder> forwarder_;  // null: a zone is all there is
  std::unique_ptr<DnsForwarder> previous_;   // of the servers before a reload, for what still waits
  std::shared_ptr<UpstreamGroup> group_;
  std::map<std::string, std::unique_ptr<DnsForwarder>> intercepted_;  // by the resolver's address
  std::unordered_map<std::uint64_t, std::unique_ptr<DnsStreamClient>> streams_;
  std::map<std::uint64_t, std::unique_ptr<DnsTransfer>> transfers_;  // by the query's ordinal
  std::uint64_t stream_numbers_ = 0;
  std::unique_ptr<Acceptor> acceptor_;
  WaitingAnswers waiting_;
  std::vector<DnsAnswer> ready_;  // over UDP, to be sent together
  bool warned_overflow_ = false;
  bool warned_crowd_ = false;
  bool warned_stray_ = false;
};

}  // namespace brownout::proxy
