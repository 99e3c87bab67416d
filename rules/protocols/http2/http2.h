// Faults that rules inject into an HTTP/2 stream or connection, as plain values: RST_STREAM,
// GOAWAY, withheld window updates, changed SETTINGS (RFC 9113). Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/base/instant.h"
#include "rules/protocols/http2/http2_error.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// The end of a stream by RST_STREAM (RFC 9113, 6.4).
struct StreamReset {
  enum class At {
    kHeaders,   // in place of the head of the response
    kBody,      // after the head
    kBytes,     // after `after` bytes of the body
    kTrailers,  // after the body, in place of its end
  };
  Http2Error code = Http2Error::kCancel;
  At at = At::kHeaders;
  Bytes after{};
  // Whether the server gets the same RST_STREAM; otherwise it gets CANCEL, as from any proxy.
  bool both_sides = false;
};

// A GOAWAY frame to the client (RFC 9113, 6.8).
struct Goaway {
  enum class Last {
    kLast,  // the highest stream so far: it and those before it are served
    kZero,  // 0: no stream was served, and the client may send all requests again
    kMax,   // 2^31-1: a warning, after which the client may still open streams
  };
  Http2Error code = Http2Error::kNoError;
  Last last = Last::kLast;
  // Time after which the connection closes; no value if it closes when its streams have ended.
  std::optional<Duration> close_after = {};
};

// Faults of the stream of one request and its response.
struct Http2Orders {
  std::optional<StreamReset> reset = {};
  std::optional<Goaway> goaway = {};
  bool holds_window = false;  // no WINDOW_UPDATE is sent for the client's data on this stream
};

// Changes of the trailers of a message.
struct TrailerChange {
  bool drops = false;
  std::vector<std::pair<std::string, std::string>> set = {};  // names and values
};

// Faults of the connection of a client.
struct Http2ConnectionFaults {
  bool loses_pings = false;
  bool holds_window = false;  // no WINDOW_UPDATE is sent for its streams
  std::optional<std::uint32_t> max_concurrent_streams = {};
  std::optional<std::uint32_t> initial_window_size = {};
  std::optional<std::uint32_t> header_table_size = {};
  std::optional<std::uint32_t> max_frame_size = {};
  // Number of PINGs that the client may send, before the connection ends with ENHANCE_YOUR_CALM.
  std::optional<std::uint64_t> most_pings = {};

  friend bool operator==(const Http2ConnectionFaults&, const Http2ConnectionFaults&) = default;
};

}  // namespace brownout::rules
