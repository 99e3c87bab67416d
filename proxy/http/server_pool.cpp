#include "proxy/http/server_pool.h"

#include <algorithm>

namespace brownout::proxy {

ServerPool::~ServerPool() {
  for (const auto& idle : idle_) loop_.poller().forget(idle->stream.number());
}

void ServerPool::put(const std::shared_ptr<UpstreamGroup>& group, const SocketAddress& server,
                     Stream stream) {
  if (idle_.size() >= kMost) remove(0);
  auto idle = std::make_unique<Idle>();
  idle->pool = this;
  idle->group = group;
  idle->server = server;
  idle->stream = std::move(stream);
  idle->since = Loop::now();
  loop_.poller().replace(idle->stream.number(), *idle);
  if (idle_.empty()) loop_.deadlines().set(*this, rules::later(idle->since, kLongest));
  idle_.push_back(std::move(idle));
}

Stream ServerPool::take(const UpstreamGroup& group, const SocketAddress& server) {
  for (auto i = idle_.size(); i > 0; --i) {
    auto& idle = *idle_[i - 1];
    if (idle.group.get() != &group || idle.server.ip() != server.ip() ||
        idle.server.port() != server.port()) {
      continue;
    }
    auto stream = std::move(idle.stream);
    remove(i - 1);
    return stream;
  }
  return {};
}

void ServerPool::lost(Idle& idle) {
  const auto found = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const auto& server) { return server.get() == &idle; });
  if (found != idle_.end()) remove(static_cast<std::size_t>(found - idle_.begin()));
}

void ServerPool::remove(std::size_t index) {
  auto idle = std::move(idle_[index]);
  idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(index));
  if (idle->stream) {
    loop_.poller().forget(idle->stream.number());
    loop_.close_later(idle->stream.take_fd());
  }
  loop_.retire(std::move(idle));
}

void ServerPool::on_due(Instant now) noexcept {
  while (!idle_.empty() && rules::later(idle_.front()->since, kLongest) <= now) remove(0);
  if (!idle_.empty()) {
    loop_.deadlines().set(*this, rules::later(idle_.front()->since, kLongest));
  }
}

}  // namespace brownout::proxy
