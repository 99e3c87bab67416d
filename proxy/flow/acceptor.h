// Takes connections off one listening socket. Out of file descriptors it stops accepting, says so
// once, and tries again shortly: those who wait stay in the kernel's backlog. One that must not
// wait keeps some in reserve. Loop's thread only; owned by its worker.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "proxy/flow/flow.h"

namespace brownout::proxy {

class Acceptor final : public Retirable, private Ready, private Deadline {
 public:
  using Accepted = std::function<void(Acceptor&, Fd, const SocketAddress&)>;

  Acceptor(Loop& loop, std::shared_ptr<const ListenerView> view, Fd listening, Accepted accepted);
  ~Acceptor() override;

  const std::shared_ptr<const ListenerView>& view() const { return view_; }
  // Where it listens.
  std::uint16_t port() const { return port_; }
  void set_view(std::shared_ptr<const ListenerView> view) { view_ = std::move(view); }
  // For so many connections there is a descriptor when there is none for others. What was taken of
  // the reserve is filled up before each connection, as far as there are descriptors.
  void reserve(std::size_t descriptors);
  // Whether there are as many as that.
  bool has_reserve() const { return spare_.size() >= reserve_; }

 private:
  void accept_some();
  bool accept_failed(int error);
  void on_ready(std::uint32_t) noexcept override { accept_some(); }
  void on_due(Instant) noexcept override { accept_some(); }

  Loop& loop_;
  std::shared_ptr<const ListenerView> view_;
  Fd listening_;
  std::uint16_t port_;
  Accepted accepted_;
  std::vector<Fd> spare_;
  std::size_t reserve_ = 0;
  bool exhausted_ = false;
};

}  // namespace brownout::proxy
