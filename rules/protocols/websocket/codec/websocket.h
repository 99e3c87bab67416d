// WebSocketParser splits one direction of a WebSocket connection into frames (RFC 6455, 5.2), with
// wslay; write_frame() writes frames.
//
// The parser reports where frames and messages end, so that the caller can forward the bytes
// unchanged. It stores only the header of a frame. An invalid frame, fragment or control frame is
// an error, after which the parser cannot continue. No I/O; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/websocket/websocket.h"

namespace brownout::codecs {

class WebSocketParser {
 public:
  WebSocketParser();
  ~WebSocketParser();
  WebSocketParser(const WebSocketParser&) = delete;
  WebSocketParser& operator=(const WebSocketParser&) = delete;

  struct Step {
    std::size_t taken = 0;       // number of input bytes taken
    bool frame_ended = false;    // whether a frame ends after the taken bytes
    bool message_ended = false;  // whether that frame is the last of its message
    bool broken = false;         // whether the input is invalid; why() returns the reason
  };
  // Parses up to the end of a frame or of the input.
  Step next(ByteView bytes);

  // Whether the frame of the last step is a control frame. Control frames may come between the
  // fragments of a message.
  bool control() const;
  // Properties of the message to which the frame of the last step belongs.
  rules::Opcode opcode() const;
  bool compressed() const;
  // Returns the unmasked payload in the input of the last step.
  const Bytes& payload() const;
  const std::string& why() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes one unfragmented frame. Frames from a client are masked with `key`, any four bytes (RFC
// 6455, 5.3).
Bytes write_frame(rules::Opcode opcode, bool compressed, ByteView payload, bool masked,
                  std::uint32_t key);

// The negotiated parameters of permessage-deflate (RFC 7692). For each direction: whether a message
// may refer to earlier messages ("context takeover").
struct Deflate {
  bool upstream_takeover = true;
  bool downstream_takeover = true;
};
// Parses Sec-WebSocket-Extensions of the server's response. Returns no value if permessage-deflate
// was not negotiated.
std::optional<Deflate> agreed_deflate(std::string_view extensions);

}  // namespace brownout::codecs
