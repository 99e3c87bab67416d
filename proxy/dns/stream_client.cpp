#include "proxy/dns/stream_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace brownout::proxy {

DnsStreamClient::DnsStreamClient(Owner& owner, Loop& loop, Fd fd, const SocketAddress& peer,
                                 std::uint64_t number, Duration idle)
    : owner_(owner),
      loop_(loop),
      fd_(std::move(fd)),
      peer_(peer),
      number_(number),
      idle_(idle),
      last_seen_(Loop::now()) {
  loop_.poller().add(fd_.get(), *this);
  loop_.deadlines().set(*this, rules::later(last_seen_, idle_));
}

DnsStreamClient::~DnsStreamClient() { loop_.poller().forget(fd_.get()); }

void DnsStreamClient::on_ready(std::uint32_t events) noexcept {
  if (over_) return;
  if ((events & EPOLLERR) != 0 || !writer_.flush(fd_)) return end();
  // What was read before there were too many.
  take_messages();
  while (!over_ && !finished_ && !full()) {
    const auto buffer = loop_.read_buffer();
    const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (count < 0) return end();
    finished_ = count == 0;
    last_seen_ = Loop::now();
    reader_.append(buffer.first(static_cast<std::size_t>(count)));
    take_messages();
  }
  if (!over_ && finished_ && unanswered_ == 0 && writer_.empty()) end();
}

void DnsStreamClient::take_messages() {
  bool any = false;
  while (!over_ && !full()) {
    const auto message = reader_.next();
    if (message.empty()) break;
    any = true;
    ++unanswered_;
    owner_.stream_query(*this, message);
  }
  if (any) owner_.stream_batch_over();
}

void DnsStreamClient::answer(codecs::ByteView message) {
  if (over_) return;
  if (!writer_.add(message) || !writer_.flush(fd_)) return end();
  forget_one();
}

void DnsStreamClient::forget_one() {
  const bool was_full = full();
  --unanswered_;
  // Not from here: this may be inside its own reading.
  if (was_full || finished_) loop_.poller().again(fd_.get());
}

void DnsStreamClient::on_due(Instant now) noexcept {
  const auto until = rules::later(unanswered_ > 0 ? now : last_seen_, idle_);
  if (until <= now) return end();
  loop_.deadlines().set(*this, until);
}

void DnsStreamClient::end() {
  if (over_) return;
  over_ = true;
  loop_.deadlines().cancel(*this);
  owner_.stream_over(*this);
}

}  // namespace brownout::proxy
