// Session: one HTTP/2 connection (RFC 9113), towards a client (Role::kServer) or towards a server
// (Role::kClient). It converts received bytes to events of streams, and calls to bytes to send.
//
// nghttp2 parses frames, compresses headers and enforces the state machine of streams. The Session
// adds what a proxy needs: heads as values (http.h), backpressure for each stream, and limits on
// what a peer can cost (flood_guard.h; RFC 9113, 10.5).
//
// Backpressure: the Owner calls consumed() as it forwards received data, and only that opens the
// flow-control windows for the peer again. Data to send is queued by send_data(); queued() returns
// how much of it the peer's windows still hold back.
//
// Malformed messages (RFC 9113, 8.1.1) are errors of their stream. A peer that breaks the protocol,
// or exceeds a limit, ends the connection (on_failed()). Server push is refused. Priorities are
// those of RFC 9218: the header `priority` passes unchanged, and a server's data follows it.
//
// No I/O and no clock: the caller passes received bytes and the time. Owned by one connection; one
// thread. Implementations of Owner may call every function of the Session but receive(), output()
// and the destructor.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/instant.h"
#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/http.h"

namespace brownout::http2 {

using codecs::ByteView;
using StreamId = std::int32_t;  // 0 is the connection

class Session {
 public:
  enum class Role { kServer, kClient };

  // Limits and settings that the Session announces and enforces. Sizes in bytes.
  struct Options {
    std::uint32_t max_concurrent_streams = 256;  // for kServer: streams that a client may open
    std::uint32_t stream_window = 256 * 1024;    // bytes of one stream that are not consumed yet
    // Large enough for all streams, so that streams with unconsumed data do not stop the others.
    std::uint32_t connection_window = 64 * 1024 * 1024;
    std::uint32_t max_frame_size = 16 * 1024;
    std::uint32_t header_table_size = 4096;
    std::size_t max_head = 64 * 1024;  // all fields of one head, each with 32 bytes of overhead
    std::size_t max_headers = 256;
    bool extended_connect = true;  // SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441); kServer only
  };

  // Settings to change after the start (RFC 9113, 6.5.2). Values beyond the range of a setting are
  // limited to it. A setting without a value stays.
  struct SettingsChange {
    std::optional<std::uint32_t> max_concurrent_streams = {};
    std::optional<std::uint32_t> initial_window_size = {};  // at most 2^31 - 1 bytes
    std::optional<std::uint32_t> header_table_size = {};
    std::optional<std::uint32_t> max_frame_size = {};  // 16384 to 16777215 bytes
  };

  class Owner {
   public:
    virtual ~Owner() = default;
    // A request (kServer) or the final response (kClient) begins. `ended` means that it has neither
    // body nor trailers. A request's pseudo-headers are in method, target and the header `host`
    // (from :authority); `scheme` is "" for responses; `protocol` is the value of :protocol or "".
    // The target of CONNECT is the authority, and of an extended CONNECT the path.
    virtual void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
                         std::string_view protocol, bool ended) = 0;
    virtual void on_interim(StreamId id, rules::HttpHead&& head) = 0;  // a 1xx response
    virtual void on_data(StreamId id, ByteView bytes) = 0;
    // The peer has ended its half of the stream after the head, with trailers if there are any.
    virtual void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) = 0;
    // The stream has ended early: RST_STREAM from the peer, or a malformed message (then the
    // Session has sent RST_STREAM, and why is set). `refused` means that the peer has not processed
    // the stream: REFUSED_STREAM, or an id above the last one of GOAWAY. A stream whose head is
    // malformed has no on_head() before. Not called for a stream that the Owner has reset.
    virtual void on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view why) = 0;
    // Both halves have ended, or the stream was reset; `id` is not valid any more. Data of the
    // stream that is not consumed counts as consumed.
    virtual void on_closed(StreamId id) = 0;
    // Called when data queued by send_data() has moved to the output, as the peer's windows allow.
    virtual void on_sent(StreamId id, std::size_t bytes) = 0;
    virtual void on_goaway(StreamId last, std::uint32_t code) = 0;
    // The peer's SETTINGS have arrived: how many streams may be open towards it (kClient).
    virtual void on_settings(std::uint32_t max_concurrent_streams) = 0;
    // Called when the connection must end because of a connection error or an exceeded limit.
    // GOAWAY is in the output. No other event follows, not even for open streams. May be called
    // from receive() or output().
    virtual void on_failed(std::string_view why) = 0;
    // Called when the peer has sent a PING (without ACK). Returns whether to answer it.
    virtual bool on_ping() { return true; }
    // The client has sent PRIORITY_UPDATE (RFC 9218, 7.1) for a stream, which need not be open.
    // `value` is a Priority Field Value. The Session applies it to its own order of sending.
    virtual void on_priority_update(StreamId /*id*/, std::string_view /*value*/) {}
  };

  Session(Role role, Owner& owner, const Options& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void receive(ByteView bytes, rules::Instant now);
  // Returns bytes to send, at most about `most` (a frame more); empty if there are none now. Valid
  // until the next call. To be called after any other call, until it returns nothing.
  ByteView output(std::size_t most);
  bool wants_output() const;

  // kClient: opens a stream. Returns 0 if the peer allows no further stream now, or the connection
  // is ending, or `protocol` is set and the peer does not allow it.
  StreamId send_request(const rules::HttpHead& head, std::string_view scheme,
                        std::string_view protocol, bool ends);
  // kServer: sends a head. Headers that concern one HTTP/1 connection only are left out
  // (RFC 9113, 8.2.2).
  void send_response(StreamId id, rules::HttpHead&& head, bool ends);
  void send_response(StreamId id, const rules::HttpHead& head, bool ends) {
    send_response(id, rules::HttpHead(head), ends);
  }
  // kServer: sends a 1xx response. 101 does not exist in HTTP/2 and is left out.
  void send_interim(StreamId id, const rules::HttpHead& head);
  void send_data(StreamId id, ByteView bytes);
  void send_end(StreamId id, const std::vector<rules::HttpHeader>& trailers);
  // Sends RST_STREAM and drops the queued data. With the code 0 (NO_ERROR) after send_end(), which
  // asks a client to stop sending (RFC 9113, 8.1), the queued data and the end are sent first.
  void reset(StreamId id, std::uint32_t code);
  // kClient: sends PRIORITY_UPDATE for the stream (RFC 9218, 7.1), unless the server's SETTINGS
  // have not announced that it knows such priorities. `value` is a Priority Field Value.
  void send_priority_update(StreamId id, std::string_view value);
  // `bytes` of on_data() were forwarded; opens the windows of the stream and the connection.
  void consumed(StreamId id, std::size_t bytes);
  // Queued data of the stream that is not in the output yet.
  std::size_t queued(StreamId id) const;

  // Announces that no new stream is accepted (GOAWAY); open streams go on.
  void shut_down();
  std::size_t open_streams() const;
  // Whether a new request may be sent now (kClient).
  bool accepts_request() const;
  // Whether the peer's SETTINGS allow an extended CONNECT (RFC 8441; kClient).
  bool accepts_extended_connect() const;
  // Whether the connection has ended: GOAWAY was sent or received and no stream is open, or the
  // connection failed.
  bool over() const;

  // For faults that act on the connection. Sends GOAWAY and goes on. `last` may be lower than the
  // id of an open stream: such streams end with on_reset(), `refused` set. An id that the peer
  // cannot have used is replaced by the next lower one that it can. Streams that the peer opens
  // later are ignored. The exception is a GOAWAY with the highest id and NO_ERROR, which is only a
  // warning. `debug` is text for people at the other side (RFC 9113, 6.8).
  void send_goaway(StreamId last, std::uint32_t code, std::string_view debug = {});
  // While held, PING is not answered; the last kHeldPings are answered afterwards.
  static constexpr std::size_t kHeldPings = 64;
  void hold_pings(bool hold);
  // Sends a PING (RFC 9113, 6.7). Its answer is not reported to the Owner.
  void send_ping();
  // The peer may use the old values until it has acknowledged the new ones (RFC 9113, 6.5.3).
  void submit_settings(const SettingsChange& change);
  // While held, consumed() does not open the window of the stream, or of the connection (id 0).
  // Padding and data of streams that were reset still open the connection's window.
  void hold_windows(StreamId id, bool hold);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brownout::http2
