// WebSocket frames (RFC 6455, 5.2) out of one direction of a connection, by wslay, and messages
// back into frames. The bytes themselves stay the caller's, who passes them on unchanged.
//
// Bounded: nothing of a frame is kept but its header. What is no frame, or breaks the rules of
// fragments and control frames, breaks the stream. No I/O; one thread.
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
    std::size_t taken = 0;
    bool frame_ended = false;    // behind what was taken
    bool message_ended = false;  // with that frame
    bool broken = false;         // why() says how
  };
  // Goes on to the end of a frame, or of the bytes.
  Step next(ByteView bytes);

  // Of the frame that the last step was in: control frames stand between those of a message.
  bool control() const;
  // Of its message.
  rules::Opcode opcode() const;
  bool compressed() const;
  // What the last step held of its payload, without the mask.
  const Bytes& payload() const;
  const std::string& why() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One unfragmented frame. Clients mask what they send (RFC 6455, 5.3); `key` is any four bytes.
Bytes write_frame(rules::Opcode opcode, bool compressed, ByteView payload, bool masked,
                  std::uint32_t key);

// What was agreed on for permessage-deflate (RFC 7692): in which directions a message may refer to
// those before it.
struct Deflate {
  bool upstream_takeover = true;
  bool downstream_takeover = true;
};
// Of the Sec-WebSocket-Extensions of a server's answer; none if that extension is not among them.
std::optional<Deflate> agreed_deflate(std::string_view extensions);

}  // namespace brownout::codecs
