#include "proxy/dns/stream_client.h"

#include <sys/epoll.h>

#include <cerrno>

#include "proxy/net/linger.h"

namespace brownout::proxy {

DnsStreamClient::DnsStreamClient(Calls calls, Host& host,
                                 std::shared_ptr<const ListenerView> listener, Fd fd,
                                 const SocketAddress& peer, std::uint64_t number)
    : calls_(std::move(calls)),
      host_(host),
      listener_(std::move(listener)),
      stream_(std::move(fd)),
      peer_(peer),
      number_(number),
      last_seen_(Loop::now()) {
  host_.loop().poller().add(stream_.number(), *this);
  host_.loop().deadlines().set(*this, rules::later(last_seen_, listener_->config.idle_timeout));
}

DnsStreamClient::~DnsStreamClient() { host_.loop().poller().forget(stream_.number()); }

void DnsStreamClient::start() {
  if (listener_->expects_hello()) {
    state_ = State::kHello;
    facts_.listener = listener_->config.name;
    facts_.ordinal = listener_->stats->arrivals.fetch_add(1, std::memory_order_relaxed) + 1;
    facts_.client = peer_.ip();
    facts_.client_port = peer_.port();
    facts_.opened = last_seen_;
  }
  on_ready(0);
}

void DnsStreamClient::on_ready(std::uint32_t events) noexcept {
  const bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool finished = gone || (events & EPOLLRDHUP) != 0;
  switch (state_) {
    case State::kHello: {
      if (!gate_.read_hello(host_, stream_, facts_)) return finished ? end() : void();
      state_ = State::kDelay;
      const auto wait = gate_.apply_handshake_rules(host_, facts_);
      return host_.loop().deadlines().set(*this, rules::later(Loop::now(), wait));
    }
    case State::kDelay:
      return gone ? end() : void();
    case State::kHandshake:
      return gone ? end() : tls_step(gate_.shake_hands(host_, stream_, facts_));
    case State::kHanging:
      return finished ? end() : void();
    case State::kLingering:
      return discard_input(host_.loop(), stream_.fd()) ? end() : void();
    case State::kOver:
      return;
    case State::kServing:
      if ((events & EPOLLERR) != 0) return end();
      return serve();
  }
}

void DnsStreamClient::tls_step(TlsGate::Step step) {
  switch (step) {
    case TlsGate::Step::kMore:
      return;
    case TlsGate::Step::kOpen:
      state_ = State::kServing;
      return serve();
    case TlsGate::Step::kAlert: {
      const auto alert = gate_.alert();
      stream_.send(std::as_bytes(std::span(alert)));
      return linger();
    }
    case TlsGate::Step::kStop:
      return stop();
    case TlsGate::Step::kFailed:
    case TlsGate::Step::kRefused:
      return linger();
  }
}

void DnsStreamClient::stop() {
  switch (gate_.how()) {
    case rules::HowToStop::kClose:
      return linger();
    case rules::HowToStop::kReset:
      reset_on_close(stream_.fd());
      return end();
    case rules::HowToStop::kHang:
      state_ = State::kHanging;
      return;
  }
}

void DnsStreamClient::linger() {
  state_ = State::kLingering;
  stream_.finish();
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), kLingerTime));
  if (discard_input(host_.loop(), stream_.fd())) end();
}

void DnsStreamClient::serve() {
  const bool waited = !writer_.empty();
  if (!writer_.flush(stream_)) return end();
  if (stream_.stopped()) return stop();
  if (waited && writer_.empty()) calls_.drained(*this);
  if (!serving()) return;
  // Handles messages that were read, but had to wait since too many queries were unanswered.
  take_messages();
  read();
  if (serving() && finished_ && unanswered_ == 0 && writer_.empty()) end();
}

void DnsStreamClient::read() {
  while (serving() && !finished_ && !full()) {
    const auto buffer = host_.loop().read_buffer();
    const auto count = stream_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count < 0) return end();
    finished_ = count == 0;
    last_seen_ = Loop::now();
    reader_.append(buffer.first(static_cast<std::size_t>(count)));
    take_messages();
  }
}

void DnsStreamClient::take_messages() {
  bool any = false;
  while (serving() && !full()) {
    const auto message = reader_.next();
    if (message.empty()) break;
    any = true;
    ++unanswered_;
    calls_.query(*this, message);
  }
  if (any) calls_.batch_over();
}

void DnsStreamClient::answer(codecs::ByteView message, int copies) {
  if (!serving()) return;
  for (int times = 0; times <= copies; ++times) {
    if (!writer_.add(message)) return end();
  }
  if (!writer_.flush(stream_)) return end();
  if (stream_.stopped()) return stop();
  forget_one();
}

void DnsStreamClient::forget_one() {
  const bool was_full = full();
  --unanswered_;
  // Reads in the next iteration of the event loop, since the caller of this function may be inside
  // read().
  if (was_full || finished_) host_.loop().poller().again(stream_.number());
}

void DnsStreamClient::on_due(Instant now) noexcept {
  if (state_ == State::kLingering) return end();
  if (state_ == State::kDelay) {
    state_ = State::kHandshake;
    tls_step(gate_.begin(host_, stream_, *listener_, facts_));
    if (state_ != State::kHandshake && !serving()) return;
  }
  const auto& idle = listener_->config.idle_timeout;
  const bool waits = unanswered_ > 0 || state_ == State::kHanging;
  const auto until = rules::later(waits ? now : last_seen_, idle);
  if (until <= now) return end();
  host_.loop().deadlines().set(*this, until);
}

void DnsStreamClient::end() {
  if (state_ == State::kOver) return;
  if (serving() && !stream_.plain()) stream_.finish();
  state_ = State::kOver;
  host_.loop().deadlines().cancel(*this);
  calls_.over(*this);
}

}  // namespace brownout::proxy
