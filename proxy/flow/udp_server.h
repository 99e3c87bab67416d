// UdpServer: serves one UDP listener on one worker, and owns the sessions of its clients.
//
// Receives and sends in batches. Held datagrams that become due together leave in several
// iterations of the event loop (EmitBudget), session by session. Beyond the listener's `sessions`
// limit of clients, datagrams of new clients are dropped and counted; the first is logged. Owned by
// its worker (proxy/engine/worker.h); use only on the event loop's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/flow/udp_session.h"

namespace brownout::proxy {

class UdpServer final : public Service, private Ready, private UdpSessionHost {
 public:
  UdpServer(Host& host, DatagramBatch& batch, std::shared_ptr<const ListenerView> view,
            std::shared_ptr<UpstreamGroup> group, Fd socket);
  ~UdpServer() override;

  void set_view(std::shared_ptr<const ListenerView> view,
                std::shared_ptr<UpstreamGroup> group) override;
  void apply(const rules::RuleSet& set) override;
  void cut() override;
  void list(FlowList& list) const override;
  bool cut_session(std::uint64_t ordinal) override;

 private:
  // Identifies a session: datagrams of one client to two local addresses are two sessions.
  struct Key {
    SocketAddress client;
    LocalAddress local;
    bool operator==(const Key& other) const;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  // Overrides of UdpSessionHost.
  Host& host() override { return host_; }
  const ListenerView& view() const override { return *view_; }
  DatagramBatch& batch() override { return batch_; }
  const Fd& socket() const override { return socket_; }
  void datagrams_lost(std::size_t count, int error) override;
  void held_full(const rules::FlowFacts& session) override;
  void session_refused() override;
  void reject(const UdpSession& session, std::size_t size) override;
  void pass_on_refusal(const UdpSession& session) override { send_unreachable(session, 0); }
  void session_over(UdpSession& session) override;
  rules::EmitBudget& budget() override;
  void session_late(UdpSession& session) override;

  void on_ready(std::uint32_t events) noexcept override;
  int send_unreachable(const UdpSession& session, std::size_t size) const;
  bool receive_some();
  void take_batch(std::size_t count);
  void go_on_with_late();
  void turn_again();
  UdpSession* session_of(const Key& key, Instant now);

  Host& host_;
  DatagramBatch& batch_;
  std::shared_ptr<const ListenerView> view_;
  std::shared_ptr<UpstreamGroup> group_;
  Fd socket_;
  std::unordered_map<Key, std::unique_ptr<UdpSession>, KeyHash> sessions_;
  std::vector<UdpSession*> touched_;
  rules::EmitBudget budget_;  // shared by all sessions
  // sessions with datagrams that are due but not sent yet, in the order of session_late() calls
  std::map<std::uint64_t, UdpSession*> late_;
  std::uint64_t late_ones_ = 0;
  std::uint64_t asked_in_ = 0;  // the latest iteration of the event loop that called turn_again()
  bool warned_loss_ = false;
  bool warned_held_ = false;
  bool warned_refusal_ = false;
};

}  // namespace brownout::proxy
