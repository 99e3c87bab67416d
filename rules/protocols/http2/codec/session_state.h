// Session::State: the nghttp2 session behind a Session, its streams, and the callbacks of nghttp2.
// Included only by the sources of Session: session.cpp (start, limits, settings and faults),
// session_receive.cpp and session_send.cpp.
//
// nghttp2 is not re-entrant, but the Owner may call the Session from each event. Such calls
// therefore only queue frames, which nghttp2 processes in receive() and output(). A stream is
// removed only by on_close(), which nghttp2 does not call while the Owner handles another event.
// The callbacks are noexcept: no exception passes through nghttp2.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rules/protocols/codec/byte_queue.h"
#include "rules/protocols/http2/codec/flood_guard.h"
#include "rules/protocols/http2/codec/frame_scanner.h"
#include "rules/protocols/http2/codec/head_reader.h"
#include "rules/protocols/http2/codec/session.h"
#include "rules/protocols/http2/codec/stream_table.h"

namespace brownout::http2 {

class FieldList;

struct Stream {
  rules::Instant opened{};

  // Receiving
  bool has_head = false;    // on_head() was called
  bool peer_ended = false;  // END_STREAM was received
  int interims = 0;
  std::size_t unconsumed = 0;  // bytes of on_data() that are not consumed
  bool holds_window = false;
  std::size_t held_window = 0;  // consumed bytes that wait for hold_windows(id, false)

  // Sending
  bool sent_head = false;  // the final head was passed to nghttp2
  // The headers of a final response. nghttp2 refers to them until they are sent.
  std::vector<rules::HttpHeader> headers;
  bool unsent = false;  // the request's head is not in the output yet
  codecs::ByteQueue queue;
  bool ended = false;  // send_end() was called, or the head ended the stream
  std::vector<rules::HttpHeader> trailers;
  bool sent_end = false;           // END_STREAM is in the output
  bool resets_behind_end = false;  // RST_STREAM with NO_ERROR follows the end
  bool unsendable = false;         // the head is too large for nghttp2

  bool is_reset = false;  // a RST_STREAM was received or is queued; only on_closed() follows
};

struct Session::State {
  using Options = Session::Options;
  // A stream that the peer has ended or reset, and that is closed.
  struct Past {
    StreamId id = 0;
    bool was_reset = false;
  };

  // A range of ids that a client has skipped, and may not use any more (RFC 9113, 5.1.1).
  struct Gap {
    StreamId first = 0;
    StreamId last = -1;
  };

  State(Role which, Owner& who, const Options& chosen);

  // Passes bytes to nghttp2: at most one frame.
  void feed(ByteView bytes);
  // Checks a frame before nghttp2 gets it.
  void check(const FrameHead& frame);
  void check_past(const FrameHead& frame);
  void check_order(StreamId id);

  // Notes that the connection must end. settle() ends it as soon as nghttp2 has returned.
  void doom(std::uint32_t code, std::string_view why);
  void settle();
  // Calls doom() if a FloodGuard has a reason.
  void limit(std::string_view why);

  Stream* find(StreamId id);
  Stream& open(StreamId id);
  // Ends a stream because of its message.
  void reject(StreamId id, Stream& stream, std::uint32_t code, std::string_view why);
  struct WaitingGoaway {
    StreamId last;
    std::uint32_t code;
    std::string debug;
  };
  void submit_goaway(StreamId last, std::uint32_t code, std::string debug = {});
  // A request's head is in the output, or never will be.
  void on_request_sent();
  void answer_ping(const std::uint8_t* opaque);
  void consume(StreamId id, Stream& stream, std::size_t bytes);
  void consume_connection(std::size_t bytes);
  void resume(StreamId id);

  // Events of nghttp2 while it receives
  int on_begin_headers(const nghttp2_frame& frame);
  int on_header(const nghttp2_frame& frame, std::string_view name, std::string_view value);
  void on_frame(const nghttp2_frame& frame);
  void on_headers(const nghttp2_frame& frame);
  void on_data(StreamId id, ByteView bytes);
  void on_rst(const nghttp2_frame& frame);
  void on_invalid_frame(const nghttp2_frame& frame, int error);
  void on_priority_update(StreamId frame_stream);
  void on_close(StreamId id, std::uint32_t code);
  static void add_receive_callbacks(nghttp2_session_callbacks* callbacks);

  // Events of nghttp2 while it sends
  ssize_t read_data(StreamId id, std::size_t most, std::uint32_t& flags);
  int send_frame(StreamId id, const std::uint8_t* head, std::size_t size);
  void on_frame_sent(const nghttp2_frame& frame);
  void on_frame_not_sent(const nghttp2_frame& frame, int error);
  static void add_send_callbacks(nghttp2_session_callbacks* callbacks);
  nghttp2_data_provider provider();

  static State& of(void* user) { return *static_cast<State*>(user); }
  bool server() const { return role == Role::kServer; }
  nghttp2_session* wire() const { return session.get(); }

  const Role role;
  Owner& owner;
  const Options options;
  struct Delete {
    void operator()(nghttp2_session* made) const { nghttp2_session_del(made); }
  };
  std::unique_ptr<nghttp2_session, Delete> session;
  StreamTable<std::unique_ptr<Stream>> streams;
  std::array<Past, 32> past{};
  std::size_t next_past = 0;
  std::array<Gap, 8> gaps{};
  std::size_t next_gap = 0;
  StreamId highest = -1;  // the highest id of a client's HEADERS; the first id is 1

  FrameScanner scanner;
  FloodGuard guard;
  HeadReader reader;      // header blocks are not interleaved, so that one is enough
  std::string extension;  // payload of the PRIORITY_UPDATE that is being received
  rules::Instant now{};

  codecs::Bytes out;
  std::size_t most_out = 0;
  bool busy = false;  // whether receive() or output() is running

  bool failed = false;
  std::uint32_t doom_code = 0;
  std::string doom_why;  // not empty if the connection must end

  std::size_t unsent_requests = 0;
  std::deque<WaitingGoaway> waiting_goaways;  // GOAWAYs that wait until queued requests are sent
  std::deque<std::pair<StreamId, std::uint32_t>> own_goaways;  // queued, not in the output yet
  StreamId lowest_last = INT32_MAX;  // the lowest last-stream id of all GOAWAYs, queued and sent
  bool shuts_down = false;           // a GOAWAY was queued that is not a mere warning
  bool goaway_sent = false;
  bool goaway_received = false;

  bool holds_pings = false;
  std::deque<std::array<std::uint8_t, 8>> held_pings;
  bool holds_connection = false;
  std::size_t held_connection = 0;
};

}  // namespace brownout::http2
