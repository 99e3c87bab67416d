#include "rules/protocols/http2/codec/session.h"

#include <algorithm>
#include <new>

#include "rules/protocols/http2/codec/session_state.h"

namespace brownout::http2 {
namespace {

constexpr std::uint32_t kMostWindow = 0x7fffffff;  // RFC 9113, 6.9.1
constexpr std::uint32_t kLeastFrame = 16 * 1024;   // RFC 9113, 6.5.2
constexpr std::uint32_t kMostFrame = 16 * 1024 * 1024 - 1;
constexpr std::size_t kMostSentHead = 256 * 1024;  // size in bytes; rules may lengthen a head
constexpr std::size_t kMostSettings = 32;          // entries of a SETTINGS frame
// Limit of queued frames without DATA. Beyond it, the peer evidently does not read.
constexpr std::size_t kMostQueuedFrames = 10'000;
// The size of a header block, compressed. nghttp2 must decompress all of it, even if the head is
// refused, since later heads refer to it.
constexpr std::size_t kBlockFactor = 4;

using Settings = std::vector<nghttp2_settings_entry>;

void add(Settings& settings, nghttp2_settings_id id, std::uint32_t value) {
  settings.push_back({static_cast<std::int32_t>(id), value});
}

std::uint32_t frame_size(std::uint32_t size) { return std::clamp(size, kLeastFrame, kMostFrame); }

Settings first_settings(Session::Role role, const Session::Options& options) {
  Settings settings;
  if (role == Session::Role::kServer) {
    add(settings, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams);
    // Priorities of RFC 7540 cost memory for streams that are not open (RFC 9218, 2.1).
    add(settings, NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1);
    if (options.extended_connect) add(settings, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1);
  } else {
    add(settings, NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
  }
  add(settings, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, std::min(options.stream_window, kMostWindow));
  add(settings, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
      static_cast<std::uint32_t>(std::min<std::size_t>(options.max_head, UINT32_MAX)));
  if (options.max_frame_size != kLeastFrame) {
    add(settings, NGHTTP2_SETTINGS_MAX_FRAME_SIZE, frame_size(options.max_frame_size));
  }
  if (options.header_table_size != NGHTTP2_DEFAULT_HEADER_TABLE_SIZE) {
    add(settings, NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options.header_table_size);
  }
  return settings;
}

// nghttp2 fails only if there is no memory; like `new`, that is an exception.
void check_memory(int result) {
  if (result != 0) throw std::bad_alloc();
}

std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> make_options() {
  nghttp2_option* option = nullptr;
  check_memory(nghttp2_option_new(&option));
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_auto_ping_ack(option, 1);
  nghttp2_option_set_max_reserved_remote_streams(option, 0);
  nghttp2_option_set_max_settings(option, kMostSettings);
  nghttp2_option_set_max_send_header_block_length(option, kMostSentHead);
  // The Session passes PRIORITY_UPDATE on itself: nghttp2 1.52 frees a stream too early that such a
  // frame has announced.
  nghttp2_option_set_user_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
  // FloodGuard has these limits, with the caller's clock.
  nghttp2_option_set_stream_reset_rate_limit(option, kMostWindow, kMostWindow);
  nghttp2_option_set_max_continuations(option, FloodGuard::kMostContinuations + 1);
  return {option, &nghttp2_option_del};
}

}  // namespace

Session::State::State(Role which, Owner& who, const Options& chosen)
    : role(which),
      owner(who),
      options(chosen),
      scanner(which == Role::kServer),
      guard(kBlockFactor * chosen.max_head),
      reader(chosen.max_head, chosen.max_headers) {
  nghttp2_session_callbacks* callbacks = nullptr;
  check_memory(nghttp2_session_callbacks_new(&callbacks));
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)> owned(
      callbacks, &nghttp2_session_callbacks_del);
  add_receive_callbacks(callbacks);
  add_send_callbacks(callbacks);
  const auto option = make_options();
  nghttp2_session* made = nullptr;
  check_memory(server() ? nghttp2_session_server_new2(&made, callbacks, this, option.get())
                        : nghttp2_session_client_new2(&made, callbacks, this, option.get()));
  session.reset(made);
  const auto settings = first_settings(role, options);
  check_memory(
      nghttp2_submit_settings(wire(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
  const auto window = std::min(options.connection_window, kMostWindow);
  check_memory(nghttp2_session_set_local_window_size(wire(), NGHTTP2_FLAG_NONE, 0,
                                                     static_cast<std::int32_t>(window)));
}

Session::Session(Role role, Owner& owner, const Options& options)
    : state_(std::make_unique<State>(role, owner, options)) {}

Session::~Session() = default;

void Session::State::doom(std::uint32_t code, std::string_view why) {
  if (failed || !doom_why.empty()) return;
  doom_code = code;
  doom_why = why;
}

void Session::State::limit(std::string_view why) {
  if (!why.empty()) doom(NGHTTP2_ENHANCE_YOUR_CALM, why);
}

void Session::State::settle() {
  if (failed || doom_why.empty()) return;
  failed = true;
  // Has no effect if nghttp2 has already ended the connection.
  nghttp2_session_terminate_session(wire(), doom_code);
  owner.on_failed(doom_why);
}

void Session::State::check(const FrameHead& frame) {
  if (frame.type == NGHTTP2_PRIORITY && frame.stream == 0) {
    // nghttp2 ignores all PRIORITY frames (RFC 9113, 6.3).
    doom(NGHTTP2_PROTOCOL_ERROR, "PRIORITY without a stream");
  }
  limit(guard.on_frame(frame, now));
  // nghttp2 resets pushed streams until the server has acknowledged that push is off.
  if (frame.type == NGHTTP2_PUSH_PROMISE) limit(guard.on_refused(now));
  if (frame.type == NGHTTP2_DATA || frame.type == NGHTTP2_HEADERS) check_past(frame);
  if (frame.type == NGHTTP2_HEADERS && server()) check_order(frame.stream);
}

// nghttp2 forgets closed streams and ignores frames on them. These peers break RFC 9113, 5.1.
void Session::State::check_past(const FrameHead& frame) {
  const bool opens = server() && frame.stream > highest;
  if (frame.stream == 0 || opens || find(frame.stream) != nullptr) return;
  const auto found = std::find_if(past.begin(), past.end(),
                                  [&](const Past& stream) { return stream.id == frame.stream; });
  if (found == past.end()) return;
  if (!found->was_reset) return doom(NGHTTP2_STREAM_CLOSED, "a frame behind the end of its stream");
  nghttp2_submit_rst_stream(wire(), NGHTTP2_FLAG_NONE, frame.stream, NGHTTP2_STREAM_CLOSED);
  limit(guard.on_stream_error(now));
}

void Session::State::check_order(StreamId id) {
  if (id % 2 == 0) return;  // nghttp2 refuses ids of servers
  if (id > highest) {
    if (id - 2 > highest) gaps.at(next_gap++ % gaps.size()) = {highest + 2, id - 2};
    highest = id;
  } else if (std::any_of(gaps.begin(), gaps.end(),
                         [&](const Gap& gap) { return gap.first <= id && id <= gap.last; })) {
    doom(NGHTTP2_PROTOCOL_ERROR, "a stream id that is lower than an earlier one");
  }
}

void Session::State::feed(ByteView bytes) {
  const auto taken = nghttp2_session_mem_recv(
      wire(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
    doom(NGHTTP2_PROTOCOL_ERROR, "the client does not begin with the preface of HTTP/2");
  } else if (taken == NGHTTP2_ERR_FLOODED) {
    doom(NGHTTP2_ENHANCE_YOUR_CALM, "the peer does not read the answers to its frames");
  } else if (taken < 0) {
    doom(NGHTTP2_INTERNAL_ERROR, nghttp2_strerror(static_cast<int>(taken)));
  }
  if (nghttp2_session_get_outbound_queue_size(wire()) > kMostQueuedFrames) {
    doom(NGHTTP2_ENHANCE_YOUR_CALM, "the peer does not read the answers to its frames");
  }
}

void Session::receive(ByteView bytes, rules::Instant now) {
  auto& state = *state_;
  if (state.busy) return;
  state.busy = true;
  state.now = now;
  while (!bytes.empty() && !over()) {
    const auto step = state.scanner.next(bytes);
    if (step.head) state.check(*step.head);
    if (state.doom_why.empty()) state.feed(bytes.first(step.size));
    state.settle();
    bytes = bytes.subspan(step.size);
  }
  state.busy = false;
}

std::size_t Session::open_streams() const { return state_->streams.size(); }

bool Session::over() const {
  if (state_->failed) return true;
  return (state_->goaway_sent || state_->goaway_received) && state_->streams.empty();
}

void Session::State::submit_goaway(StreamId last, std::uint32_t code, std::string debug) {
  if (failed) return;
  if (unsent_requests > 0) {
    // nghttp2 would send GOAWAY before the requests that wait in its queue, and a server may ignore
    // requests that follow a GOAWAY.
    waiting_goaways.push_back({last, code, std::move(debug)});
    shuts_down = true;
    return;
  }
  const bool warns =
      server() && last == INT32_MAX && code == NGHTTP2_NO_ERROR && !shuts_down && !goaway_received;
  // Clients open streams with odd ids, servers with even ones (RFC 9113, 5.1.1).
  last = std::clamp(last, 0, lowest_last);
  if (last > 0 && last % 2 == (server() ? 0 : 1)) --last;
  const auto result =
      warns ? nghttp2_submit_shutdown_notice(wire())
            : nghttp2_submit_goaway(wire(), NGHTTP2_FLAG_NONE, last, code,
                                    reinterpret_cast<const std::uint8_t*>(debug.data()),
                                    debug.size());
  if (result != 0) return;
  own_goaways.emplace_back(last, code);
  lowest_last = last;
  shuts_down = shuts_down || !warns;
}

void Session::State::on_request_sent() {
  if (--unsent_requests > 0) return;
  for (auto& goaway : std::exchange(waiting_goaways, {}))
    submit_goaway(goaway.last, goaway.code, std::move(goaway.debug));
}

void Session::shut_down() {
  if (state_->shuts_down) return;
  state_->submit_goaway(nghttp2_session_get_last_proc_stream_id(state_->wire()), NGHTTP2_NO_ERROR);
}

void Session::send_goaway(StreamId last, std::uint32_t code, std::string_view debug) {
  state_->submit_goaway(last, code, std::string(debug));
}

void Session::hold_pings(bool hold) {
  auto& state = *state_;
  state.holds_pings = hold;
  if (hold) return;
  for (const auto& opaque : state.held_pings) state.answer_ping(opaque.data());
  state.held_pings.clear();
}

void Session::send_ping() {
  if (!state_->failed) nghttp2_submit_ping(state_->wire(), NGHTTP2_FLAG_NONE, nullptr);
}

void Session::submit_settings(const SettingsChange& change) {
  Settings settings;
  const auto set = [&](nghttp2_settings_id id, std::optional<std::uint32_t> value) {
    if (value) add(settings, id, *value);
  };
  auto window = change.initial_window_size;
  if (window) *window = std::min(*window, kMostWindow);
  auto frame = change.max_frame_size;
  if (frame) *frame = frame_size(*frame);
  set(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, change.max_concurrent_streams);
  set(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window);
  set(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, change.header_table_size);
  set(NGHTTP2_SETTINGS_MAX_FRAME_SIZE, frame);
  if (state_->failed || settings.empty()) return;
  nghttp2_submit_settings(state_->wire(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
}

}  // namespace brownout::http2
