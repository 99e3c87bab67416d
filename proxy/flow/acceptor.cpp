#include "proxy/flow/acceptor.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "proxy/loop/limited_log.h"

namespace brownout::proxy {
namespace {

// Limit of accepts in one iteration of the event loop, so that open connections are served too.
constexpr int kAcceptsPerTurn = 64;
constexpr Duration kRetry = std::chrono::milliseconds(50);

}  // namespace

Acceptor::Acceptor(Loop& loop, std::shared_ptr<const ListenerView> view, Fd listening,
                   Accepted accepted, Turn turn)
    : loop_(loop),
      view_(std::move(view)),
      listening_(std::move(listening)),
      port_(bound_to(listening_, view_->config.listen).port),
      accepted_(std::move(accepted)),
      turn_(std::move(turn)) {
  loop_.poller().add(listening_.get(), *this);
}

Acceptor::~Acceptor() { loop_.poller().remove(listening_.get()); }

void Acceptor::reserve(std::size_t descriptors) {
  reserve_ = descriptors;
  while (spare_.size() < reserve_) {
    Fd copy(fcntl(listening_.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return;
    spare_.push_back(std::move(copy));
  }
}

void Acceptor::accept_some() {
  if (full_) return;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    if (waits_for_turn()) return;
    reserve(reserve_);
    // Stops if no spare descriptor is left, and accepts more in the next iteration of the event
    // loop. Descriptors of connections that have ended are closed only at the end of this
    // iteration.
    if (i > 0 && reserve_ > 0 && spare_.empty()) break;
    SocketAddress peer;
    peer.length = sizeof peer.storage;
    Fd fd(accept4(listening_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (accept_failed(errno)) continue;
      return;
    }
    if (exhausted_) {
      log_limited(spdlog::level::info, "listener " + view_->config.name + ": accepting again",
                  "listener {}: accepting again", view_->config.name);
    }
    exhausted_ = false;
    if (fillers_ && fillers_->take(peer.port())) continue;
    keep_urgent_data(fd);
    accepted_(*this, std::move(fd), peer);
  }
  loop_.poller().again(listening_.get());
}

// Whether a rule keeps connections waiting in the kernel's accept queue. If so, sets the deadline
// for the next accept.
bool Acceptor::waits_for_turn() {
  waiting_ = false;
  if (!turn_) return false;
  const auto at = turn_(*view_);
  if (at <= Loop::now()) return false;
  waiting_ = true;
  loop_.deadlines().set(*this, at);
  return true;
}

void Acceptor::hang(std::shared_ptr<FillerPorts> ports) {
  if ((ports != nullptr) == (full_ != nullptr)) return;
  full_.reset();
  if (!ports) return accept_some();
  fillers_ = std::move(ports);
  full_ =
      std::make_unique<FullQueue>(listening_, static_cast<int>(view_->config.backlog), *fillers_);
}

void Acceptor::turn_changed() {
  if (waiting_) accept_some();
}

// Handles an error of accept(2). Returns true if only this connection failed, so that the next
// accept may follow at once.
bool Acceptor::accept_failed(int error) {
  // EINVAL means that the socket no longer listens (stop_listening()) and is about to be closed.
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINVAL) return false;
  if (error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM) return true;
  if ((error == EMFILE || error == ENFILE) && !spare_.empty()) {
    spare_.pop_back();
    return true;
  }
  if (!exhausted_) {
    log_limited(
        spdlog::level::err, "listener " + view_->config.name + ": cannot accept",
        "listener {}: cannot accept connections: {}; new connections wait (raise `ulimit -n`)",
        view_->config.name, std::strerror(error));
  }
  exhausted_ = true;
  loop_.deadlines().set(*this, Loop::now() + kRetry);
  return false;
}

}  // namespace brownout::proxy
