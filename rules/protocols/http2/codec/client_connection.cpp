#include "rules/protocols/http2/codec/client_connection.h"

#include <algorithm>
#include <utility>

namespace brownout::http2 {
namespace {

// Number of bytes that one call of Session::output() returns at most.
constexpr std::size_t kOutput = 32 * 1024;
// Most bytes of incomplete messages that rules may act on, of all streams together.
constexpr std::size_t kMostIncomplete = std::size_t{64} * 1024 * 1024;
constexpr StreamId kHighest = 0x7fffffff;
// Number of streams that are not open whose priorities are kept.
constexpr std::size_t kMostPriorities = 64;
// Time between the first GOAWAY, which only announces the shutdown, and the final one. Longer than
// a round trip, so that requests in flight are served (RFC 9113, 6.8).
constexpr rules::Duration kNotice = std::chrono::milliseconds(500);

}  // namespace

ClientConnection::ClientConnection(Wire& wire, const rules::Listener& listener,
                                   const Session::Options& options)
    : wire_(wire),
      listener_(listener),
      options_(options),
      session_(Session::Role::kServer, *this, options) {}

ClientConnection::~ClientConnection() = default;

std::vector<ClientStream*> ClientConnection::in_order() const {
  std::vector<ClientStream*> streams;
  streams.reserve(streams_.size());
  streams_.for_each([&](StreamId, const auto& stream) { streams.push_back(stream.get()); });
  std::sort(streams.begin(), streams.end(),
            [](const auto* a, const auto* b) { return a->id() < b->id(); });
  return streams;
}

void ClientConnection::client_bytes(ByteView bytes, Instant now) {
  if (over_) return;
  now_ = now;
  if (!std::exchange(began_, true)) set_faults(now);
  session_.receive(bytes, now);
  settle(now);
}

// Ends the connection. HTTP/2 has no half-close: without frames from the client, no flow-control
// window opens.
void ClientConnection::client_finished(Instant now) {
  now_ = now;
  end(rules::Close::kFin);
  settle(now);
}

void ClientConnection::client_has_room(Instant now) { settle(now); }

void ClientConnection::drain(Instant now) {
  if (over_ || std::exchange(drains_, true)) return;
  now_ = now;
  session_.send_goaway(kHighest, static_cast<std::uint32_t>(rules::Http2Error::kNoError));
  final_at_ = rules::later(now, kNotice);
  settle(now);
}

void ClientConnection::apply(const rules::RuleSet& set, Instant now) {
  now_ = now;
  set_faults(now);
  for (auto* stream : in_order()) stream->apply(set, now);
  settle(now);
}

Instant ClientConnection::deadline() const {
  if (over_) return rules::kNever;
  auto next = std::min({plan_.next(), close_at_, final_at_});
  if (waiting_ == 0) return next;
  streams_.for_each(
      [&](StreamId, const auto& stream) { next = std::min(next, stream->deadline()); });
  return next;
}

void ClientConnection::advance(Instant now) {
  now_ = now;
  if (plan_.next() <= now) set_faults(now);
  if (waiting_ > 0) {
    for (auto* stream : in_order()) stream->advance(now);
  }
  if (final_at_ <= now) {
    final_at_ = rules::kNever;
    session_.shut_down();
  }
  if (close_at_ <= now) end(rules::Close::kFin);
  settle(now);
}

ClientStream* ClientConnection::find(StreamId id) {
  const auto* found = streams_.find(id);
  return found == nullptr ? nullptr : found->get();
}

const rules::HttpExchange* ClientConnection::exchange() const {
  return streams_.empty() ? nullptr : in_order().back()->exchange();
}

std::vector<std::string> ClientConnection::message_rules() const {
  std::vector<std::string> all;
  for (const auto* stream : in_order()) {
    for (auto& name : stream->message_rules()) {
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(std::move(name));
    }
  }
  return all;
}

void ClientConnection::settle(Instant now) {
  if (std::exchange(settling_, true)) return;
  now_ = now;
  while (!over_) {
    // Data that the client's windows hold back does not count as output.
    has_output_ = session_.wants_output();
    while (has_output_ && wire_.client_takes()) {
      const auto bytes = session_.output(kOutput);
      has_output_ = !bytes.empty();
      if (has_output_) wire_.to_client(bytes);
    }
    if (!has_output_) reset_drained();
    if (has_output_ && wire_.client_takes()) continue;
    if (has_room_.empty()) break;
    for (const auto id : std::exchange(has_room_, {})) {
      if (auto* stream = find(id)) stream->has_room(now);
    }
  }
  // The end of a stream may end others, since a stream that waited for its dial then dials itself.
  for (std::size_t i = 0; i < over_streams_.size(); ++i) streams_.remove(over_streams_[i]);
  over_streams_.clear();
  settling_ = false;
  if (over_) return;
  const bool done = failed_ || session_.over() || (leaving_ && streams_.empty());
  if (done && !has_output_) end(rules::Close::kFin);
}

void ClientConnection::end(rules::Close how) {
  if (std::exchange(over_, true)) return;
  for (auto* stream : in_order()) stream->gone();
  wire_.close_client(how);
}

void ClientConnection::recount(ClientStream& stream, Instant now) {
  const bool waits = stream.may_wait();
  waiting_ += std::size_t{waits};
  waiting_ -= std::size_t{std::exchange(stream.waits_, waits)};
  incomplete_ -= stream.counted_;
  stream.counted_ = stream.incomplete();
  incomplete_ += stream.counted_;
  if (incomplete_ <= kMostIncomplete || stream.counted_ == 0) return;
  stream.exchange_.stop_parsing("the incomplete messages of a connection exceed 64 MiB", now);
  incomplete_ -= stream.counted_;
  stream.counted_ = stream.incomplete();
  incomplete_ += stream.counted_;
}

void ClientConnection::set_faults(Instant now) {
  rules::Http2Plan::Notes notes;
  const auto before = plan_.faults();
  const bool changed = plan_.set(wire_.rules(), wire_.client_facts(), now, notes);
  for (const auto& [rule, note] : notes)
    wire_.record(wire_.client_facts(), *rule, Direction::kUpstream, note);
  if (!changed) return;
  const auto& faults = plan_.faults();
  session_.hold_pings(faults.loses_pings);
  streams_.for_each(
      [&](StreamId id, const auto&) { session_.hold_windows(id, faults.holds_window); });
  const auto setting = [](const auto& wanted, const auto& old, std::uint32_t usual) {
    using Change = std::optional<std::uint32_t>;
    if (wanted == old) return Change();
    return Change(wanted.value_or(usual));
  };
  const Session::SettingsChange change{
      .max_concurrent_streams =
          setting(faults.max_concurrent_streams, before.max_concurrent_streams,
                  options_.max_concurrent_streams),
      .initial_window_size =
          setting(faults.initial_window_size, before.initial_window_size, options_.stream_window),
      .header_table_size =
          setting(faults.header_table_size, before.header_table_size, options_.header_table_size),
      .max_frame_size =
          setting(faults.max_frame_size, before.max_frame_size, options_.max_frame_size)};
  const bool sends = change.max_concurrent_streams || change.initial_window_size ||
                     change.header_table_size || change.max_frame_size;
  if (sends) session_.submit_settings(change);
}

void ClientConnection::reset_after_data(StreamId id, std::uint32_t code) { ending_[id] = code; }

// Resets streams whose data has been sent. Called when the session has no more output, except for
// data that windows hold back.
void ClientConnection::reset_drained() {
  for (auto at = ending_.begin(); at != ending_.end();) {
    if (session_.queued(at->first) > 0) {
      ++at;
      continue;
    }
    session_.reset(at->first, at->second);
    at = ending_.erase(at);
    has_output_ = true;
  }
}

void ClientConnection::send_goaway(StreamId id, const rules::Goaway& goaway) {
  using Last = rules::Goaway::Last;
  const auto last = goaway.last == Last::kLast ? id : goaway.last == Last::kZero ? 0 : kHighest;
  session_.send_goaway(last, static_cast<std::uint32_t>(goaway.code));
  if (goaway.close_after) close_at_ = std::min(close_at_, rules::later(now_, *goaway.close_after));
}

// Counts PINGs for the fault h2_too_many_pings: gRPC servers close connections with too frequent
// keepalive (gRFC A9).
bool ClientConnection::on_ping() {
  ++pings_;
  const auto& most = plan_.faults().most_pings;
  if (!most || pings_ <= *most) return true;
  session_.send_goaway(kHighest, static_cast<std::uint32_t>(rules::Http2Error::kEnhanceYourCalm),
                       "too_many_pings");
  close_at_ = now_;
  return false;
}

void ClientConnection::on_priority_update(StreamId id, std::string_view value) {
  if (auto* stream = find(id)) return stream->prioritize(value);
  if (id <= last_ || (priorities_.size() == kMostPriorities && priorities_.count(id) == 0)) return;
  priorities_[id] = value;
}

void ClientConnection::on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
                               std::string_view protocol, bool ended) {
  if (plan_.faults().holds_window) session_.hold_windows(id, true);
  auto made = std::make_unique<ClientStream>(*this, id, ++count_);
  auto& stream = *made;
  streams_.add(id, std::move(made));
  last_ = id;
  if (!priorities_.empty()) {
    const auto known = priorities_.find(id);
    if (known != priorities_.end()) stream.prioritize(known->second);
    priorities_.erase(priorities_.begin(), priorities_.upper_bound(id));
  }
  stream.begin(std::move(head), scheme, protocol, ended, now_);
}

void ClientConnection::on_data(StreamId id, ByteView bytes) {
  auto* stream = find(id);
  if (stream == nullptr || stream->over()) return session_.consumed(id, bytes.size());
  stream->data(bytes, now_);
}

void ClientConnection::on_end(StreamId id, std::vector<rules::HttpHeader> trailers) {
  if (auto* stream = find(id)) stream->finished(std::move(trailers), now_);
}

void ClientConnection::on_reset(StreamId id, std::uint32_t, bool, std::string_view why) {
  if (!why.empty()) wire_.report("refused", why);
  if (auto* stream = find(id)) stream->gone();
}

// Only removes the pending reset. The Exchange itself notices the regular end of a stream; an early
// end calls on_reset() before.
void ClientConnection::on_closed(StreamId id) {
  if (!ending_.empty()) ending_.erase(id);
}

void ClientConnection::on_sent(StreamId id, std::size_t) {
  if (has_room_.empty() || has_room_.back() != id) has_room_.push_back(id);
}

void ClientConnection::on_goaway(StreamId, std::uint32_t) { leaving_ = true; }

void ClientConnection::on_failed(std::string_view why) {
  failed_ = true;
  wire_.report("refused", why);
  for (auto* stream : in_order()) stream->gone();
}

}  // namespace brownout::http2
