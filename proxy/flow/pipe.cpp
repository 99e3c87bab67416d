#include "proxy/flow/pipe.h"

#include <algorithm>
#include <cerrno>

#include "proxy/flow/flow.h"
#include "proxy/flow/watermark.h"

namespace brownout::proxy {
namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

void End::on_ready(std::uint32_t events) noexcept { flow->on_end_ready(*this, events); }

Pipe::Pipe(Flow& flow, rules::Direction direction) : flow_(flow), direction_(direction) {}

End& Pipe::source() {
  return direction_ == rules::Direction::kUpstream ? flow_.client_ : flow_.server_;
}
End& Pipe::sink() {
  return direction_ == rules::Direction::kUpstream ? flow_.server_ : flow_.client_;
}

void Pipe::set_rules(const std::vector<rules::RuleRef>& rules, Instant now) {
  const auto mine = rules::for_direction(rules, direction_);
  if (mine.empty() && !chain_) return;
  if (!chain_) chain_ = std::make_unique<rules::Chain>(flow_.facts_, direction_, *this);
  chain_->set_rules(mine, now);
  flush();
  if (chain_->empty()) chain_.reset();
}

void Pipe::read() {
  for (int turn = 0; may_read(); ++turn) {
    if (turn == kReadsPerTurn) return flow_.host_.loop().poller().again(source().stream.number());
    const bool spliced = straight() && !flow_.tunnel_ && source().stream.plain() &&
                         sink().stream.plain() && !source().urgent &&
                         flow_.listener_->config.forwarding == rules::Forwarding::kSplice;
    if (!(spliced ? splice_once() : read_once())) return;
  }
}

bool Pipe::may_read() {
  return source().readable && !paused_ && !source_ended_ && !close_waiting_ && !flow_.closing_ &&
         !flow_.securing_ && !flow_.over();
}

// One read; false when there is nothing more to do now.
bool Pipe::read_once() {
  const auto buffer = flow_.host_.loop().read_buffer();
  const auto count = source().stream.receive(buffer);
  if (count < 0) return read_failed(errno);
  if (count == 0) {
    source_ended();
    return false;
  }
  // A short read has emptied the socket, unless urgent data or its end is there too: no edge will
  // tell of those again.
  const auto size = static_cast<std::size_t>(count);
  const bool more = source().peer_finished || source().urgent || !source().stream.plain();
  if (size < buffer.size() && !more) source().readable = false;
  take(buffer.first(size));
  return true;
}

bool Pipe::splice_once() {
  if (!splice_) splice_ = std::make_unique<SpliceBuffer>();
  if (!splice_->usable()) return read_once();  // out of descriptors: copying needs none
  const auto count = splice_->fill(source().stream.number());
  if (count < 0) return read_failed(errno);
  // The end, or urgent data ahead of it.
  if (count == 0) return read_once();
  flow_.received(direction_, static_cast<std::size_t>(count));
  flush();
  return true;
}

bool Pipe::read_failed(int error) {
  if (error == EINTR) return true;
  source().readable = source().urgent = false;
  if (!would_block(error)) flow_.end_failed(source());
  return false;
}

void Pipe::source_ended() {
  source_ended_ = true;
  source().readable = false;
  if (!flow_.tunnel_) return end_of_source();
  flow_.tunnel_->finish(direction_, Loop::now());
}

void Pipe::end_of_source() {
  if (!chain_) return finish();
  const auto now = Loop::now();
  chain_->finish(now);
  flush();
}

void Pipe::take(std::span<const std::byte> bytes) {
  flow_.received(direction_, bytes.size(), bytes);
  if (!flow_.tunnel_) return forward(bytes);
  flow_.tunnel_->push(direction_, bytes, Loop::now());
  if (!flow_.over()) watch_level();
}

bool Pipe::severed() const {
  return (chain_ && chain_->severed()) || (flow_.tunnel_ && flow_.tunnel_->severed(direction_));
}

std::size_t Pipe::held() const {
  return waiting() + (chain_ ? chain_->held() : 0) +
         (flow_.tunnel_ ? flow_.tunnel_->held(direction_) : 0);
}

void Pipe::forward(std::span<const std::byte> bytes) {
  if (straight()) return write_through(bytes);
  const auto now = Loop::now();
  chain_->push(rules::Chunk::copy_of(bytes), now);
  flush();
}

void Pipe::write_through(std::span<const std::byte> bytes) {
  while (waiting() == 0 && !bytes.empty()) {
    const auto sent = sink().stream.send(bytes);
    if (sent >= 0) {
      const auto size = static_cast<std::size_t>(sent);
      flow_.sent(direction_, size, bytes.first(size));
      bytes = bytes.subspan(size);
    } else if (would_block(errno)) {
      sink().writable = false;
      break;
    } else if (errno != EINTR) {
      return sink_failed();
    }
  }
  if (bytes.empty()) return;
  pending_.push(rules::Chunk::copy_of(bytes));
  watch_level();
}

void Pipe::advance(Instant now) {
  if (!chain_) return;
  chain_->advance(now);
  flush();
}

void Pipe::emit(rules::Chunk chunk) { pending_.push(std::move(chunk)); }

void Pipe::finish() {
  fin_waiting_ = true;
  send_fin();
}

void Pipe::close(rules::Close how) {
  if (how == rules::Close::kReset) return flow_.end(How::kReset);
  close_waiting_ = true;
}

void Pipe::answer(std::string_view bytes) { flow_.answer(source(), bytes); }

void Pipe::injected(const rules::Rule& rule, rules::Direction direction, const rules::Note& note) {
  flow_.host_.record(flow_.facts(), rule, direction, note);
}

void Pipe::flush() {
  if (flow_.over()) return;
  // What splice holds was read first.
  if (!drain_splice() || !send_pending()) return;
  watch_level();
  if (waiting() > 0) return;
  if (close_waiting_) return flow_.end(How::kLinger);
  send_fin();
}

bool Pipe::drain_splice() {
  while (splice_ && splice_->held() > 0) {
    const auto sent = splice_->drain(sink().stream.number());
    if (sent >= 0) {
      flow_.sent(direction_, static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) {
      sink_failed();
      return false;
    }
    sink().writable = false;
    break;
  }
  return true;
}

// Chunk by chunk: a stage that cut the stream into pieces wants them written as such.
bool Pipe::send_pending() {
  while (!pending_.empty() && (!splice_ || splice_->held() == 0)) {
    const auto bytes = pending_.front().bytes();
    const auto sent = sink().stream.send(bytes);
    if (sent >= 0) {
      const auto size = static_cast<std::size_t>(sent);
      flow_.sent(direction_, size, bytes.first(size));
      pending_.consume(size);
    } else if (would_block(errno)) {
      sink().writable = false;
      break;
    } else if (errno != EINTR) {
      sink_failed();
      return false;
    }
  }
  return true;
}

void Pipe::sink_failed() {
  pending_.clear();
  flow_.end_failed(sink());
}

void Pipe::watch_level() {
  const auto level = held();
  // Straight through, what the sink did not take of one read is enough.
  const auto& listener = flow_.listener_->config;
  const bool messages = flow_.tunnel_ && flow_.tunnel_->ruled(direction_);
  const auto straight = messages ? static_cast<std::size_t>(listener.buffer.count) : 0;
  const auto mark = watermark(chain_.get(), listener, straight);
  if (!paused_ && level > mark.high) {
    paused_ = true;
    if (chain_ && chain_->held() > mark.high / 2 && mark.capped) {
      flow_.host_.buffer_full(flow_.listener());
    }
  } else if (paused_ && level <= mark.high / 2) {
    paused_ = false;
    // Not read here: this may be inside a chain.
    if (source().readable) flow_.host_.loop().poller().again(source().stream.number());
  }
}

void Pipe::send_fin() {
  if (!fin_waiting_ || fin_sent_ || waiting() > 0) return;
  fin_sent_ = true;
  flow_.direction_finished(direction_);
}

}  // namespace brownout::proxy
