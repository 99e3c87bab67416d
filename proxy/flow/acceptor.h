// Acceptor: accepts client connections on one listening socket.
//
// When the process runs out of file descriptors, the acceptor logs that once and retries every 50
// ms; new connections wait in the kernel's backlog. A listener that must never wait, like the one
// of the HTTP API, keeps spare descriptors (reserve()). Owned by its worker
// (proxy/engine/worker.h); use only on the event loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "proxy/flow/flow.h"
#include "proxy/net/full_queue.h"

namespace brownout::proxy {

class Acceptor final : public Retirable, private Ready, private Deadline {
 public:
  // Called with each accepted connection and the address of its client.
  using Accepted = std::function<void(Acceptor&, Fd, const SocketAddress&)>;
  // Returns the time at which the next connection may be accepted, for a rule that simulates a slow
  // accept loop. An instant in the past means now.
  using Turn = std::function<Instant(const ListenerView&)>;

  // Starts to accept. `view` has the listener's settings (host.h); `listening` is a socket that
  // listens already.
  Acceptor(Loop& loop, std::shared_ptr<const ListenerView> view, Fd listening, Accepted accepted,
           Turn turn = {});
  ~Acceptor() override;

  const std::shared_ptr<const ListenerView>& view() const { return view_; }
  std::uint16_t port() const { return port_; }
  void set_view(std::shared_ptr<const ListenerView> view) { view_ = std::move(view); }
  // Calls `turn` again while connections wait in the kernel's queue. Call when rules have changed,
  // since the next connection may now be accepted earlier.
  void turn_changed();
  // Makes connects hang by keeping the accept queue full (FullQueue). If `ports` is null, ends
  // this.
  void hang(std::shared_ptr<FillerPorts> ports);
  // Keeps this many spare descriptors open. If the process has no other descriptor left, a spare
  // one is closed to accept a connection. The reserve is refilled before each accept, as far as
  // descriptors are available.
  void reserve(std::size_t descriptors);
  bool has_reserve() const { return spare_.size() >= reserve_; }

 private:
  void accept_some();
  bool accept_failed(int error);
  bool waits_for_turn();
  void on_ready(std::uint32_t) noexcept override { accept_some(); }
  void on_due(Instant) noexcept override { accept_some(); }

  Loop& loop_;
  std::shared_ptr<const ListenerView> view_;
  Fd listening_;
  std::uint16_t port_;
  Accepted accepted_;
  Turn turn_;
  bool waiting_ = false;                  // until the time that turn_ returned
  std::shared_ptr<FillerPorts> fillers_;  // null if hang() never filled the queue
  std::unique_ptr<FullQueue> full_;
  std::vector<Fd> spare_;
  std::size_t reserve_ = 0;
  bool exhausted_ = false;
};

}  // namespace brownout::proxy
