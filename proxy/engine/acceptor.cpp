#include "proxy/engine/acceptor.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>

namespace brownout::proxy {
namespace {

// Connections taken in one turn before those that are open have theirs.
constexpr int kAcceptsPerTurn = 64;
constexpr Duration kRetry = std::chrono::milliseconds(50);

}  // namespace

Acceptor::Acceptor(Loop& loop, std::shared_ptr<const ListenerView> view, Fd listening,
                   Accepted accepted)
    : loop_(loop),
      view_(std::move(view)),
      listening_(std::move(listening)),
      port_(bound_to(listening_, view_->config.listen).port),
      accepted_(std::move(accepted)) {
  loop_.poller().add(listening_.get(), *this);
}

Acceptor::~Acceptor() { loop_.poller().remove(listening_.get()); }

void Acceptor::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    SocketAddress peer;
    peer.length = sizeof peer.storage;
    Fd fd(accept4(listening_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (accept_failed(errno)) continue;
      return;
    }
    if (exhausted_) spdlog::info("listener {}: accepting again", view_->config.name);
    exhausted_ = false;
    accepted_(*this, std::move(fd), peer);
  }
  loop_.poller().again(listening_.get());
}

// True when the next one may be tried at once: this connection was gone before it was taken
// (accept(2)).
bool Acceptor::accept_failed(int error) {
  // It does not listen any more: whoever did that is about to close it.
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINVAL) return false;
  if (error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM) return true;
  if (!exhausted_) {
    spdlog::error("listener {}: cannot accept: {}; new connections wait (raise `ulimit -n`)",
                  view_->config.name, std::strerror(error));
  }
  exhausted_ = true;
  loop_.deadlines().set(*this, Loop::now() + kRetry);
  return false;
}

}  // namespace brownout::proxy
