// The callbacks of nghttp2 that receive, and the windows that this endpoint grants.
#include <algorithm>

#include "rules/protocols/http2/codec/session_state.h"

namespace brownout::http2 {
namespace {

constexpr int kMostInterims = 100;                // interim responses of one stream
constexpr std::size_t kMostPriorityUpdate = 256;  // size of the payload in bytes
constexpr std::size_t kStreamIdSize = 4;

// The default for streams without a priority. Unlike the default of RFC 9218 it is incremental, so
// that streams share the connection, and a long one (a tunnel) does not hold up the others.
constexpr nghttp2_extpri kShared{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};

std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Reads a Priority Field Value (RFC 9218, 4). Members that are unknown or malformed are ignored.
nghttp2_extpri parse_priority(std::string_view value) {
  nghttp2_extpri priority{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 0};
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    auto member = value.substr(0, comma);
    value.remove_prefix(std::min(comma + 1, value.size()));
    while (member.starts_with(' ') || member.starts_with('\t')) member.remove_prefix(1);
    while (member.ends_with(' ') || member.ends_with('\t')) member.remove_suffix(1);
    if (member == "i" || member == "i=?1") priority.inc = 1;
    if (member == "i=?0") priority.inc = 0;
    if (member.size() == 3 && member.starts_with("u=") && member[2] >= '0' && member[2] <= '7') {
      priority.urgency = static_cast<std::uint32_t>(member[2] - '0');
    }
  }
  return priority;
}

// Describes an error of a stream that nghttp2 reports by its code.
std::string_view describe(int error) {
  switch (error) {
    case NGHTTP2_ERR_HTTP_HEADER:
      return "a header field that HTTP/2 forbids, or that is malformed (RFC 9113, 8.2)";
    case NGHTTP2_ERR_HTTP_MESSAGING:
      return "a message that is malformed: its pseudo-headers, its length or its end (RFC 9113, "
             "8.1)";
    case NGHTTP2_ERR_FLOW_CONTROL:
      return "a window that exceeds its highest size (RFC 9113, 6.9.1)";
    default:
      return {};
  }
}

// Describes an error of a stream that nghttp2 does not report before it has sent RST_STREAM.
std::string_view describe_reset(std::uint32_t code) {
  switch (code) {
    case NGHTTP2_PROTOCOL_ERROR:
      return "a body that does not match content-length, or comes before its head (RFC 9113, 8.1)";
    case NGHTTP2_FLOW_CONTROL_ERROR:
      return "more data than the window allows (RFC 9113, 6.9)";
    case NGHTTP2_REFUSED_STREAM:
      return "a stream above the last one of GOAWAY";
    default:
      return "an error of the stream";
  }
}

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

}  // namespace

Stream* Session::State::find(StreamId id) {
  const auto* found = streams.find(id);
  return found == nullptr ? nullptr : found->get();
}

Stream& Session::State::open(StreamId id) {
  auto made = std::make_unique<Stream>();
  auto& stream = *made;
  stream.opened = now;
  streams.add(id, std::move(made));
  guard.on_stream_opened();
  return stream;
}

void Session::State::reject(StreamId id, Stream& stream, std::uint32_t code, std::string_view why) {
  if (stream.is_reset) return;
  stream.is_reset = true;
  stream.queue.clear();
  nghttp2_submit_rst_stream(wire(), NGHTTP2_FLAG_NONE, id, code);
  limit(guard.on_stream_error(now));
  owner.on_reset(id, code, false, why);
}

int Session::State::on_begin_headers(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_HEADERS) return 0;
  const auto id = frame.hd.stream_id;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    if (shuts_down && id > lowest_last) {
      // GOAWAY is queued, and tells the client that the stream is not processed.
      nghttp2_submit_rst_stream(wire(), NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    open(id);
    nghttp2_session_change_extpri_stream_priority(wire(), id, &kShared, 0);
    reader.begin(HeadReader::Kind::kRequest);
    return 0;
  }
  const auto* stream = find(id);
  const bool trailers = server() || (stream != nullptr && stream->has_head);
  reader.begin(trailers ? HeadReader::Kind::kTrailers : HeadReader::Kind::kResponse);
  return 0;
}

int Session::State::on_header(const nghttp2_frame& frame, std::string_view name,
                              std::string_view value) {
  if (reader.add(name, value)) return 0;
  if (auto* stream = find(frame.hd.stream_id)) {
    reject(frame.hd.stream_id, *stream, NGHTTP2_ENHANCE_YOUR_CALM,
           "the header fields are larger than the limit");
  }
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

void Session::State::on_headers(const nghttp2_frame& frame) {
  const auto id = frame.hd.stream_id;
  auto* stream = find(id);
  if (stream == nullptr || stream->is_reset) return;
  if (const auto why = reader.finish(); !why.empty()) {
    return reject(id, *stream, NGHTTP2_PROTOCOL_ERROR, why);
  }
  if (reader.kind() == HeadReader::Kind::kTrailers) {
    stream->peer_ended = true;
    return owner.on_end(id, reader.take_trailers());
  }
  if (reader.kind() == HeadReader::Kind::kResponse && reader.status() < 200) {
    if (++stream->interims > kMostInterims) {
      return reject(id, *stream, NGHTTP2_ENHANCE_YOUR_CALM, "too many interim responses");
    }
    return owner.on_interim(id, reader.take_head());
  }
  stream->has_head = true;
  stream->peer_ended = ends_stream(frame);
  owner.on_head(id, reader.take_head(), reader.scheme(), reader.protocol(), stream->peer_ended);
}

void Session::State::on_data(StreamId id, ByteView bytes) {
  auto* stream = find(id);
  // The rest of a frame still comes after the Owner has reset the stream.
  if (stream == nullptr || stream->is_reset) return consume_connection(bytes.size());
  stream->unconsumed += bytes.size();
  owner.on_data(id, bytes);
}

void Session::State::on_rst(const nghttp2_frame& frame) {
  const auto id = frame.hd.stream_id;
  auto* stream = find(id);
  const auto age = stream != nullptr ? now - stream->opened : rules::Duration::zero();
  // Resets by a server need no limit, since it can only reset streams that this client has opened.
  if (server() || stream == nullptr) limit(guard.on_reset(age, now));
  if (stream == nullptr) return;
  past.at(next_past++ % past.size()) = {id, true};
  if (stream->is_reset) return;
  stream->is_reset = true;
  const auto code = frame.rst_stream.error_code;
  owner.on_reset(id, code, code == NGHTTP2_REFUSED_STREAM, {});
}

void Session::State::on_frame(const nghttp2_frame& frame) {
  const bool ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      return on_headers(frame);
    case NGHTTP2_DATA: {
      auto* stream = find(frame.hd.stream_id);
      if (!ends_stream(frame) || stream == nullptr || stream->is_reset) return;
      stream->peer_ended = true;
      return owner.on_end(frame.hd.stream_id, {});
    }
    case NGHTTP2_RST_STREAM:
      return on_rst(frame);
    case NGHTTP2_SETTINGS:
      if (ack) return;
      return owner.on_settings(
          nghttp2_session_get_remote_settings(wire(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
    case NGHTTP2_PING:
      if (!ack && owner.on_ping()) answer_ping(frame.ping.opaque_data);
      return;
    case NGHTTP2_GOAWAY:
      goaway_received = true;
      return owner.on_goaway(frame.goaway.last_stream_id, frame.goaway.error_code);
    default:
      return;
  }
}

void Session::State::on_invalid_frame(const nghttp2_frame& frame, int error) {
  const auto id = frame.hd.stream_id;
  if (error == NGHTTP2_ERR_REFUSED_STREAM) return limit(guard.on_refused(now));
  const auto why = describe(error);
  auto* stream = find(id);
  if (why.empty() || stream == nullptr || stream->is_reset) return;
  stream->is_reset = true;
  stream->queue.clear();
  limit(guard.on_stream_error(now));
  const auto code =
      error == NGHTTP2_ERR_FLOW_CONTROL ? NGHTTP2_FLOW_CONTROL_ERROR : NGHTTP2_PROTOCOL_ERROR;
  owner.on_reset(id, code, false, why);
}

void Session::State::on_priority_update(StreamId frame_stream) {
  const auto payload = std::move(extension);
  extension.clear();
  // RFC 9218, 7.1
  if (!server()) return doom(NGHTTP2_PROTOCOL_ERROR, "PRIORITY_UPDATE from a server");
  if (frame_stream != 0) return doom(NGHTTP2_PROTOCOL_ERROR, "PRIORITY_UPDATE on a stream");
  if (payload.size() < kStreamIdSize) {
    return doom(NGHTTP2_FRAME_SIZE_ERROR, "PRIORITY_UPDATE that is too short");
  }
  const auto at = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(payload[i])};
  };
  const auto id =
      static_cast<StreamId>((at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3)) & 0x7fffffffU);
  if (id == 0) return doom(NGHTTP2_PROTOCOL_ERROR, "PRIORITY_UPDATE for stream 0");
  const auto value = std::string_view(payload).substr(kStreamIdSize);
  if (find(id) != nullptr) {
    const auto priority = parse_priority(value);
    nghttp2_session_change_extpri_stream_priority(wire(), id, &priority, 0);
  }
  owner.on_priority_update(id, value);
}

void Session::State::on_close(StreamId id, std::uint32_t code) {
  const auto closed = streams.remove(id);
  if (!closed) return;
  const auto& stream = *closed;
  if (stream.unsent) on_request_sent();
  if (stream.peer_ended) past.at(next_past++ % past.size()) = {id, false};
  if (stream.unconsumed > 0) consume_connection(stream.unconsumed);
  if (!failed && !stream.is_reset && code != NGHTTP2_NO_ERROR) {
    const bool refused = code == NGHTTP2_REFUSED_STREAM && !stream.unsendable;
    if (stream.unsendable) {
      owner.on_reset(id, NGHTTP2_INTERNAL_ERROR, false, "the header fields are too large to send");
    } else {
      if (!refused) limit(guard.on_stream_error(now));
      owner.on_reset(id, code, refused, describe_reset(code));
    }
  }
  if (!failed) owner.on_closed(id);
}

void Session::State::answer_ping(const std::uint8_t* opaque) {
  if (failed) return;
  if (holds_pings) {
    if (held_pings.size() == kHeldPings) held_pings.pop_front();
    std::copy_n(opaque, 8, held_pings.emplace_back().begin());
    return;
  }
  if (nghttp2_submit_ping(wire(), NGHTTP2_FLAG_ACK, opaque) == NGHTTP2_ERR_FLOODED) {
    doom(NGHTTP2_ENHANCE_YOUR_CALM, "the peer does not read the answers to its frames");
  }
}

void Session::State::consume_connection(std::size_t bytes) {
  if (holds_connection) {
    held_connection += bytes;
  } else {
    nghttp2_session_consume_connection(wire(), bytes);
  }
}

void Session::State::consume(StreamId id, Stream& stream, std::size_t bytes) {
  bytes = std::min(bytes, stream.unconsumed);
  if (bytes == 0) return;
  stream.unconsumed -= bytes;
  if (stream.holds_window) {
    stream.held_window += bytes;
  } else if (!stream.peer_ended && !stream.is_reset) {
    nghttp2_session_consume_stream(wire(), id, bytes);
  }
  consume_connection(bytes);
}

void Session::consumed(StreamId id, std::size_t bytes) {
  auto* stream = state_->find(id);
  if (stream != nullptr && !state_->failed) state_->consume(id, *stream, bytes);
}

void Session::hold_windows(StreamId id, bool hold) {
  auto& state = *state_;
  if (state.failed) return;
  if (id == 0) {
    state.holds_connection = hold;
    if (!hold) state.consume_connection(std::exchange(state.held_connection, 0));
    return;
  }
  auto* stream = state.find(id);
  if (stream == nullptr) return;
  stream->holds_window = hold;
  if (hold || stream->peer_ended || stream->is_reset) return;
  nghttp2_session_consume_stream(state.wire(), id, std::exchange(stream->held_window, 0));
}

void Session::State::add_receive_callbacks(nghttp2_session_callbacks* callbacks) {
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
        return of(user).on_begin_headers(*frame);
      });
  nghttp2_session_callbacks_set_on_header_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) noexcept {
        return of(user).on_header(*frame, text(name, name_size), text(value, value_size));
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
        of(user).on_frame(*frame);
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                    std::size_t size, void* user) noexcept {
        of(user).on_data(id, {reinterpret_cast<const std::byte*>(data), size});
        return 0;
      });
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame* frame, int error, void* user) noexcept {
        of(user).on_invalid_frame(*frame, error);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) noexcept {
        of(user).on_close(id, code);
        return 0;
      });
  nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(
      callbacks, [](nghttp2_session*, const nghttp2_frame_hd*, const std::uint8_t* data,
                    std::size_t size, void* user) noexcept {
        auto& payload = of(user).extension;
        payload.append(reinterpret_cast<const char*>(data), size);
        if (payload.size() <= kMostPriorityUpdate) return 0;
        payload.clear();
        return static_cast<int>(NGHTTP2_ERR_CANCEL);  // nghttp2 ignores the rest of the frame
      });
  nghttp2_session_callbacks_set_unpack_extension_callback(
      callbacks, [](nghttp2_session*, void**, const nghttp2_frame_hd* head, void* user) noexcept {
        of(user).on_priority_update(head->stream_id);
        return static_cast<int>(NGHTTP2_ERR_CANCEL);
      });
}

}  // namespace brownout::http2
