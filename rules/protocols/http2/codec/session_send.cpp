// The functions of Session that send, and the callbacks of nghttp2 that make frames.
#include <algorithm>

#include "rules/protocols/http2/codec/field_list.h"
#include "rules/protocols/http2/codec/session_state.h"

namespace brownout::http2 {
namespace {

constexpr std::size_t kKeptOutput = 16 * 1024;  // memory of an idle connection, in bytes
constexpr int kSwitchingProtocols = 101;

}  // namespace

nghttp2_data_provider Session::State::provider() {
  nghttp2_data_provider provider{};
  provider.read_callback = [](nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t most,
                              std::uint32_t* flags, nghttp2_data_source*,
                              void* user) noexcept { return of(user).read_data(id, most, *flags); };
  return provider;
}

// Says how much data the next frame has. send_frame() copies the data, straight to the output.
ssize_t Session::State::read_data(StreamId id, std::size_t most, std::uint32_t& flags) {
  auto* stream = find(id);
  if (stream == nullptr || stream->is_reset) return NGHTTP2_ERR_DEFERRED;
  const auto size = std::min(most, stream->queue.size());
  if (size == 0 && !stream->ended) return NGHTTP2_ERR_DEFERRED;
  if (size > 0) flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (!stream->ended || size < stream->queue.size()) return static_cast<ssize_t>(size);
  flags |= NGHTTP2_DATA_FLAG_EOF;
  const auto fields = FieldList::of_trailers(stream->trailers);
  if (!fields.empty()) {
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    // nghttp2 would send trailers before queued DATA. So they are submitted only with the last DATA
    // frame.
    nghttp2_submit_trailer(wire(), id, fields.data(), fields.size());
  }
  return static_cast<ssize_t>(size);
}

int Session::State::send_frame(StreamId id, const std::uint8_t* head, std::size_t size) {
  auto* stream = find(id);
  if (stream == nullptr || stream->queue.size() < size) return NGHTTP2_ERR_CALLBACK_FAILURE;
  const auto* begin = reinterpret_cast<const std::byte*>(head);
  out.insert(out.end(), begin, begin + FrameScanner::kHeadSize);
  const auto data = stream->queue.front(size);
  out.insert(out.end(), data.begin(), data.end());
  stream->queue.take(size);
  return out.size() >= most_out ? static_cast<int>(NGHTTP2_ERR_PAUSE) : 0;
}

void Session::State::on_frame_sent(const nghttp2_frame& frame) {
  const auto id = frame.hd.stream_id;
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    const std::pair sent(frame.goaway.last_stream_id, frame.goaway.error_code);
    if (!own_goaways.empty() && own_goaways.front() == sent) {
      own_goaways.pop_front();
      goaway_sent = goaway_sent || shuts_down;
    } else {
      const std::string_view detail(reinterpret_cast<const char*>(frame.goaway.opaque_data),
                                    frame.goaway.opaque_data_len);
      std::string why = "the peer violates HTTP/2: ";
      why += detail.empty() ? nghttp2_http2_strerror(frame.goaway.error_code) : detail;
      doom(frame.goaway.error_code, why);
    }
  }
  if (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS) return;
  auto* stream = find(id);
  if (stream == nullptr) return;
  if (std::exchange(stream->unsent, false)) on_request_sent();
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    stream->sent_end = true;
    if (stream->resets_behind_end && !stream->peer_ended && !stream->is_reset) {
      stream->is_reset = true;
      nghttp2_submit_rst_stream(wire(), NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    }
  }
  if (frame.hd.type != NGHTTP2_DATA || frame.hd.length == 0) return;
  guard.on_data_sent();
  if (!failed) owner.on_sent(id, frame.hd.length);
}

// nghttp2 leaves out frames of streams that were closed meanwhile. Only a head that is too large is
// an error.
void Session::State::on_frame_not_sent(const nghttp2_frame& frame, int error) {
  const bool too_large = error == NGHTTP2_ERR_FRAME_SIZE_ERROR || error == NGHTTP2_ERR_HEADER_COMP;
  if (frame.hd.type != NGHTTP2_HEADERS || !too_large) return;
  auto* stream = find(frame.hd.stream_id);
  if (stream == nullptr || stream->is_reset) return;
  stream->unsendable = true;
  // nghttp2 itself closes the stream of a request.
  if (!server()) return;
  nghttp2_submit_rst_stream(wire(), NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_INTERNAL_ERROR);
}

void Session::State::add_send_callbacks(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_send_data_callback(
      callbacks, [](nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                    std::size_t size, nghttp2_data_source*, void* user) noexcept {
        return of(user).send_frame(frame->hd.stream_id, head, size);
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
        of(user).on_frame_sent(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_not_send_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, int error, void* user) noexcept {
        of(user).on_frame_not_sent(*frame, error);
        return 0;
      });
}

void Session::State::resume(StreamId id) {
  // Fails if the head has not been sent yet. nghttp2 then requests the data by itself after the
  // head.
  nghttp2_session_resume_data(wire(), id);
}

ByteView Session::output(std::size_t most) {
  auto& state = *state_;
  if (state.busy) return {};
  state.busy = true;
  state.out.clear();
  state.most_out = most;
  while (state.out.size() < most) {
    const std::uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(state.wire(), &data);
    if (size < 0) state.doom(NGHTTP2_INTERNAL_ERROR, nghttp2_strerror(static_cast<int>(size)));
    if (size > 0) {
      const auto* begin = reinterpret_cast<const std::byte*>(data);
      state.out.insert(state.out.end(), begin, begin + size);
    }
    const bool dooms = !state.failed && !state.doom_why.empty();
    state.settle();
    if (size <= 0 && !dooms) break;
  }
  if (state.out.empty() && state.out.capacity() > kKeptOutput) codecs::Bytes().swap(state.out);
  state.busy = false;
  return state.out;
}

bool Session::wants_output() const { return nghttp2_session_want_write(state_->wire()) != 0; }

bool Session::accepts_request() const {
  const auto& state = *state_;
  if (state.server() || state.failed || state.shuts_down) return false;
  const auto most =
      nghttp2_session_get_remote_settings(state.wire(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return nghttp2_session_check_request_allowed(state.wire()) != 0 && state.streams.size() < most;
}

bool Session::accepts_extended_connect() const {
  return nghttp2_session_get_remote_settings(state_->wire(),
                                             NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

StreamId Session::send_request(const rules::HttpHead& head, std::string_view scheme,
                               std::string_view protocol, bool ends) {
  if (!accepts_request() || (!protocol.empty() && !accepts_extended_connect())) return 0;
  auto& state = *state_;
  const auto fields = FieldList::of_request(head, scheme, protocol);
  const auto provider = state.provider();
  const auto id = nghttp2_submit_request(state.wire(), nullptr, fields.data(), fields.size(),
                                         ends ? nullptr : &provider, nullptr);
  if (id <= 0) return 0;
  auto& stream = state.open(id);
  stream.sent_head = stream.unsent = true;
  stream.ended = ends;
  ++state.unsent_requests;
  return id;
}

void Session::send_response(StreamId id, rules::HttpHead&& head, bool ends) {
  auto& state = *state_;
  auto* stream = state.find(id);
  if (stream == nullptr || stream->is_reset || stream->sent_head || state.failed) return;
  stream->sent_head = true;
  stream->ended = stream->ended || ends;
  stream->headers = std::move(head.headers);
  const auto fields = FieldList::of_response(head.status, stream->headers, true);
  const auto provider = state.provider();
  nghttp2_submit_response(state.wire(), id, fields.data(), fields.size(),
                          ends ? nullptr : &provider);
}

void Session::send_interim(StreamId id, const rules::HttpHead& head) {
  auto& state = *state_;
  auto* stream = state.find(id);
  if (stream == nullptr || stream->is_reset || stream->sent_head || state.failed) return;
  if (head.status == kSwitchingProtocols) return;
  const auto fields = FieldList::of_response(head.status, head.headers);
  nghttp2_submit_headers(state.wire(), NGHTTP2_FLAG_NONE, id, nullptr, fields.data(), fields.size(),
                         nullptr);
}

void Session::send_data(StreamId id, ByteView bytes) {
  auto& state = *state_;
  auto* stream = state.find(id);
  if (stream == nullptr || stream->is_reset || stream->ended || state.failed) return;
  stream->queue.add(bytes);
  state.resume(id);
}

void Session::send_end(StreamId id, const std::vector<rules::HttpHeader>& trailers) {
  auto& state = *state_;
  auto* stream = state.find(id);
  if (stream == nullptr || stream->is_reset || stream->ended || state.failed) return;
  stream->ended = true;
  stream->trailers = trailers;
  state.resume(id);
}

void Session::reset(StreamId id, std::uint32_t code) {
  auto& state = *state_;
  auto* stream = state.find(id);
  if (stream == nullptr || stream->is_reset || state.failed) return;
  if (code == NGHTTP2_NO_ERROR && stream->ended && !stream->sent_end) {
    stream->resets_behind_end = true;
    return;
  }
  stream->is_reset = true;
  stream->queue.clear();
  nghttp2_submit_rst_stream(state.wire(), NGHTTP2_FLAG_NONE, id, code);
}

void Session::send_priority_update(StreamId id, std::string_view value) {
  if (state_->failed || state_->find(id) == nullptr) return;
  nghttp2_submit_priority_update(state_->wire(), NGHTTP2_FLAG_NONE, id,
                                 reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
}

std::size_t Session::queued(StreamId id) const {
  const auto* stream = state_->find(id);
  return stream == nullptr ? 0 : stream->queue.size();
}

}  // namespace brownout::http2
