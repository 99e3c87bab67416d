#include "proxy/flow/pipe.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace brownout::proxy {
namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Pipe::Pipe(Owner& owner, Loop& loop, const rules::Listener& listener, const rules::FlowFacts& facts,
           rules::Direction direction, End& source, End& sink)
    : owner_(owner),
      loop_(loop),
      listener_(listener),
      facts_(facts),
      source_(source),
      sink_(sink),
      direction_(direction) {}

// Replaces the rules on bytes. Removed stages release their bytes to the stages that follow, so
// ahead_ is updated before behind_.
void Pipe::set_rules(const std::vector<rules::RuleRef>& rules, std::size_t ahead, Instant now) {
  const auto split = rules.begin() + static_cast<std::ptrdiff_t>(tunnel_ != nullptr ? ahead : 0);
  ahead_.set_rules({rules.begin(), split}, now);
  if (owner_.pipe_over()) return;
  behind_.set_rules({split, rules.end()}, now);
  flush();
}

void Pipe::Stages::set_rules(const std::vector<rules::RuleRef>& rules, Instant now) {
  if (rules.empty() && !chain) return;
  if (!chain) chain = std::make_unique<rules::Chain>(pipe.facts_, pipe.direction_, *this);
  chain->set_rules(rules, now);
  if (chain->empty()) chain.reset();
}

void Pipe::read() {
  for (int turn = 0; may_read(); ++turn) {
    if (turn == kReadsPerTurn) return loop_.poller().again(source_.stream.number());
    const bool spliced = straight() && source_.stream.plain() && sink_.stream.plain() &&
                         !source_.urgent && listener_.forwarding == rules::Forwarding::kSplice;
    if (!(spliced ? splice_once() : read_once())) return;
  }
}

bool Pipe::may_read() {
  return source_.readable && !paused_ && !source_ended_ && !close_waiting_ &&
         !owner_.pipe_waits() && !owner_.pipe_over();
}

// Reads once from the source. Returns false if another read is not useful now.
bool Pipe::read_once() {
  const auto buffer = loop_.read_buffer();
  const auto count = source_.stream.receive(buffer);
  if (count < 0) return read_failed(errno);
  if (count == 0) {
    source_ended();
    return false;
  }
  // A read that does not fill the buffer means that the socket is empty, unless urgent data or a
  // FIN is queued after the bytes. epoll does not report urgent data and FIN again.
  const auto size = static_cast<std::size_t>(count);
  const bool more = source_.peer_finished || source_.urgent || !source_.stream.plain();
  if (size < buffer.size() && !more) source_.readable = false;
  take(buffer.first(size));
  return true;
}

bool Pipe::splice_once() {
  if (!splice_) splice_ = std::make_unique<SpliceBuffer>();
  // Copies bytes if no descriptor was free for the pipe that splice(2) needs.
  if (!splice_->usable()) return read_once();
  const auto count = splice_->fill(source_.stream.number());
  if (count < 0) return read_failed(errno);
  // splice(2) returns 0 at the end of the stream, and at urgent data. A read then shows which of
  // both has occurred.
  if (count == 0) return read_once();
  owner_.pipe_read(direction_, static_cast<std::size_t>(count), {});
  flush();
  return true;
}

bool Pipe::read_failed(int error) {
  if (error == EINTR) return true;
  source_.readable = source_.urgent = false;
  if (!would_block(error)) owner_.pipe_failed(source_);
  return false;
}

void Pipe::source_ended() {
  source_ended_ = true;
  source_.readable = false;
  if (ahead_.chain == nullptr) return finish_messages();
  ahead_.chain->finish(Loop::now());
  flush();
}

void Pipe::finish_messages() {
  if (tunnel_ == nullptr) return messages_finished();
  tunnel_->finish(direction_, Loop::now());
}

void Pipe::messages_finished() {
  if (behind_.chain == nullptr) return behind_.finish();
  behind_.chain->finish(Loop::now());
  flush();
}

void Pipe::take(std::span<const std::byte> bytes) {
  owner_.pipe_read(direction_, bytes.size(), bytes);
  if (straight()) return write_through(bytes);
  into(ahead_, bytes);
  if (!owner_.pipe_over()) watch_level();
}

void Pipe::into(Stages& stages, std::span<const std::byte> bytes) {
  const bool ahead = &stages == &ahead_;
  if (stages.transparent()) return ahead ? into_messages(bytes) : write_through(bytes);
  stages.chain->push(rules::Chunk::copy_of(bytes), Loop::now());
  flush();
}

void Pipe::into_messages(std::span<const std::byte> bytes) {
  if (tunnel_ == nullptr) return into(behind_, bytes);
  tunnel_->push(direction_, bytes, Loop::now());
}

bool Pipe::blackholed() const {
  return (ahead_.chain && ahead_.chain->blackholed()) ||
         (tunnel_ && tunnel_->blackholed(direction_)) ||
         (behind_.chain && behind_.chain->blackholed());
}

std::size_t Pipe::held() const {
  return waiting() + (ahead_.chain ? ahead_.chain->held() : 0) +
         (tunnel_ ? tunnel_->held(direction_) : 0) + (behind_.chain ? behind_.chain->held() : 0);
}

void Pipe::write_through(std::span<const std::byte> bytes) {
  while (waiting() == 0 && !bytes.empty()) {
    const auto sent = sink_.stream.send(bytes);
    if (sent >= 0) {
      const auto size = static_cast<std::size_t>(sent);
      owner_.pipe_wrote(direction_, size, bytes.first(size));
      bytes = bytes.subspan(size);
    } else if (would_block(errno)) {
      sink_.writable = false;
      break;
    } else if (errno != EINTR) {
      return sink_failed();
    }
  }
  if (bytes.empty()) return;
  pending_.push(rules::Chunk::copy_of(bytes));
  watch_level();
}

void Pipe::advance_ahead(Instant now) {
  if (!ahead_.chain) return;
  ahead_.chain->advance(now);
  flush();
}

void Pipe::advance_behind(Instant now) {
  if (!behind_.chain) return;
  behind_.chain->advance(now);
  flush();
}

void Pipe::Stages::emit(rules::Chunk chunk) {
  if (this == &pipe.behind_) return pipe.pending_.push(std::move(chunk));
  if (!pipe.owner_.pipe_over()) pipe.into_messages(chunk.bytes());
}

void Pipe::Stages::finish() {
  if (this == &pipe.ahead_) return pipe.finish_messages();
  if (pipe.closes_) {
    pipe.close_waiting_ = true;
    return;
  }
  pipe.fin_waiting_ = true;
  pipe.send_fin();
}

void Pipe::Stages::close(rules::Close how) {
  if (how == rules::Close::kReset) return pipe.owner_.pipe_closed(how);
  pipe.closes_ = how;
  this == &pipe.ahead_ ? pipe.finish_messages() : finish();
}

void Pipe::Stages::answer(std::string_view bytes) {
  pipe.owner_.pipe_answered(pipe.source_, bytes);
}

void Pipe::Stages::injected(const rules::Rule& rule, rules::Direction direction,
                            const rules::Note& note) {
  pipe.owner_.pipe_injected(rule, direction, note);
}

void Pipe::flush() {
  if (owner_.pipe_over()) return;
  // Sends the bytes in splice_ first, since they are older than those in pending_.
  if (!drain_splice() || !send_pending()) return;
  watch_level();
  if (waiting() > 0) return;
  if (close_waiting_) return owner_.pipe_closed(*closes_);
  send_fin();
}

bool Pipe::drain_splice() {
  while (splice_ && splice_->held() > 0) {
    const auto sent = splice_->drain(sink_.stream.number());
    if (sent >= 0) {
      owner_.pipe_wrote(direction_, static_cast<std::size_t>(sent), {});
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) {
      sink_failed();
      return false;
    }
    sink_.writable = false;
    break;
  }
  return true;
}

// Sends each chunk by a system call of its own, since a fault (slicer) may have split the data on
// purpose.
bool Pipe::send_pending() {
  while (!pending_.empty() && (!splice_ || splice_->held() == 0)) {
    const auto bytes = pending_.front().bytes();
    if (!may_write(bytes.size())) break;
    const auto sent = sink_.stream.send(bytes);
    if (sent >= 0) {
      const auto size = static_cast<std::size_t>(sent);
      owner_.pipe_wrote(direction_, size, bytes.first(size));
      pending_.consume(size);
    } else if (would_block(errno)) {
      sink_.writable = false;
      break;
    } else if (errno != EINTR) {
      sink_failed();
      return false;
    }
  }
  return true;
}

// Returns false if the pending bytes must wait for the next iteration of the event loop. A fault
// may release very many chunks at once, on many connections.
bool Pipe::may_write(std::size_t bytes) {
  if (loop_.may_write(bytes)) return true;
  if (std::exchange(waits_in_, loop_.iteration()) != loop_.iteration()) {
    loop_.poller().again(sink_.stream.number());
  }
  return false;
}

void Pipe::sink_failed() {
  pending_.clear();
  owner_.pipe_failed(sink_);
}

// Limits the bytes that this direction holds. Without rules the limit is 0: reading pauses until
// the sink has taken all bytes of the last read.
Watermark Pipe::mark() const {
  const bool messages = tunnel_ != nullptr && tunnel_->ruled(direction_);
  const auto straight = messages ? static_cast<std::size_t>(listener_.buffer.count) : 0;
  const auto behind = watermark(behind_.chain.get(), listener_, straight);
  const auto ahead = watermark(ahead_.chain.get(), listener_, straight);
  return ahead.high > behind.high ? ahead : behind;
}

void Pipe::watch_level() {
  const auto level = held();
  const auto mark = this->mark();
  if (!paused_ && level > mark.high) {
    paused_ = true;
    const auto staged =
        (ahead_.chain ? ahead_.chain->held() : 0) + (behind_.chain ? behind_.chain->held() : 0);
    if (staged > mark.high / 2 && mark.capped) owner_.pipe_buffer_full();
  } else if (paused_ && level <= mark.high / 2) {
    paused_ = false;
    // Reads in the next iteration of the event loop, since the caller may be inside a call of a
    // fault's stage.
    if (source_.readable) loop_.poller().again(source_.stream.number());
  }
}

void Pipe::send_fin() {
  if (!fin_waiting_ || fin_sent_ || waiting() > 0) return;
  fin_sent_ = true;
  owner_.pipe_finished(direction_);
}

}  // namespace brownout::proxy
