// WebSocketLab runs one WebSocket connection through a Conversation, and collects the messages that
// each end receives. The lab uses no sockets and no clock.
//
//   WebSocketLab lab("[[rule]]\nfault = { type = \"drop\" }");
//   lab.from_client("hello");
//   EXPECT_EQ(lab.at_server(), "");
//
// Messages print one per line, as in "text:hello", "ping:", "close:1001 bye".
#pragma once

#include "rules/protocols/websocket/codec/websocket.h"
#include "tests/support/http_lab.h"

namespace brownout::test {

class WebSocketLab {
 public:
  // `subprotocol` and `extensions` are requested by the client and accepted by the server.
  explicit WebSocketLab(const std::string& rules = "", std::uint64_t seed = 1,
                        const std::string& subprotocol = "", const std::string& extensions = "")
      : http(rules, seed, "websocket") {
    http.reply.reset();
    auto head = std::string("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    if (!subprotocol.empty()) head += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
    if (!extensions.empty()) head += "Sec-WebSocket-Extensions: " + extensions + "\r\n";
    http.client("GET /ws HTTP/1.1\r\n" + head + "\r\n");
    asked_ = http.to_server_bytes().size();
    http.server("HTTP/1.1 101 Switching\r\n" + head + "\r\n");
    answered_ = http.to_client_bytes().size();
  }

  static std::string frame(std::string_view payload, bool masked,
                           rules::Opcode opcode = rules::Opcode::kText, bool compressed = false) {
    const auto bytes = codecs::write_frame(opcode, compressed, std::as_bytes(std::span(payload)),
                                           masked, 0x12345678);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  void from_client(std::string_view text, rules::Opcode opcode = rules::Opcode::kText) {
    http.client(frame(text, true, opcode));
  }
  void from_server(std::string_view text, rules::Opcode opcode = rules::Opcode::kText) {
    http.server(frame(text, false, opcode));
  }
  // The bytes that arrived after the upgrade.
  std::string server_bytes() const { return http.to_server_bytes().substr(asked_); }
  std::string client_bytes() const { return http.to_client_bytes().substr(answered_); }
  std::string at_server() const { return messages(server_bytes()); }
  std::string at_client() const { return messages(client_bytes()); }

  // The joined payloads of the data messages in `stream`.
  static std::string data(std::string_view stream) {
    codecs::WebSocketParser parser;
    std::string data;
    for (auto bytes = std::as_bytes(std::span(stream)); !bytes.empty();) {
      const auto step = parser.next(bytes);
      if (step.broken) break;
      bytes = bytes.subspan(step.taken);
      if (!parser.control()) data += codecs::text_of(parser.payload());
    }
    return data;
  }

  static std::string messages(std::string_view stream) {
    codecs::WebSocketParser parser;
    auto bytes = std::as_bytes(std::span(stream));
    std::string text;
    std::string payload;
    while (!bytes.empty()) {
      const auto step = parser.next(bytes);
      if (step.broken) return text + "(broken: " + parser.why() + ")";
      bytes = bytes.subspan(step.taken);
      payload.append(reinterpret_cast<const char*>(parser.payload().data()),
                     parser.payload().size());
      if (!step.message_ended) continue;
      const auto opcode = parser.opcode();
      text += std::string(rules::name_of(opcode)) + ":";
      if (opcode == rules::Opcode::kClose && payload.size() >= 2) {
        const auto code =
            static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
        payload.replace(0, 2, std::to_string(code) + " ");
      }
      text += std::exchange(payload, {}) + "\n";
    }
    return text;
  }

  HttpLab http;

 private:
  std::size_t asked_ = 0;
  std::size_t answered_ = 0;
};

}  // namespace brownout::test
