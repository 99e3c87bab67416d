// Synthetic users of the kind websocket. Each attempt sends three numbered messages that the server
// must echo; lost, duplicated and reordered ones are counted.
#include <array>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/numbered.h"
#include "rules/protocols/websocket/codec/websocket.h"

namespace brownout::rehearsal {
namespace {

class WebSocketClient final : public ProbeClient {
 public:
  explicit WebSocketClient(const ClientSettings& settings) : settings_(settings) {}

  void drop() override { connection_.reset(); }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.why = talk(target, deadline, done);
    if (!done.ok()) drop();
    return done;
  }

 private:
  std::string talk(const Target& target, Instant deadline, Attempt& done) {
    if (!connection_) {
      done.connects = 1;
      const auto why = open(target, deadline);
      if (!why.empty()) return why;
    }
    const auto before = numbers_.last();
    for (int i = 0; i < kMessages; ++i) {
      const auto number = numbers_.send(done);
      const auto text = std::to_string(number);
      const auto frame = codecs::write_frame(rules::Opcode::kText, false, codecs::bytes_of(text),
                                             true, static_cast<std::uint32_t>(number));
      if (const auto sent = Socket::send(connection_, frame, deadline); !sent) return sent.error();
    }
    while (!numbers_.all_came(before)) {
      const auto message = next_message(deadline);
      if (!message) return message.error();
      numbers_.came(std::strtoull(message->c_str(), nullptr, 10), done);
    }
    return {};
  }

  // Connects and performs the opening handshake (RFC 6455, section 4.1). Returns the error; ""
  // after success.
  std::string open(const Target& target, Instant deadline) {
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    auto fd = Socket::connect(*address, settings_.local, deadline);
    if (!fd) return fd.error();
    const auto request = "GET " + settings_.probe->path +
                         " HTTP/1.1\r\nHost: " + to_text(target.address) +
                         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Key: YnJvd25vdXQgcHJvYmUhIQ==\r\n"
                         "Sec-WebSocket-Version: 13\r\n\r\n";
    if (const auto sent = Socket::send(*fd, codecs::bytes_of(request), deadline); !sent) {
      return sent.error();
    }
    std::string head;
    while (!head.ends_with("\r\n\r\n")) {
      std::byte byte{};
      const auto got = Socket::receive(*fd, std::span(&byte, 1), deadline);
      if (!got) return got.error();
      head += static_cast<char>(byte);
      if (head.size() > 16384) return "the head of the response is larger than 16384 bytes";
    }
    if (!head.starts_with("HTTP/1.1 101"))
      return "the server did not upgrade the connection to WebSocket: " +
             head.substr(0, head.find('\r'));
    connection_ = std::move(*fd);
    parser_ = std::make_unique<codecs::WebSocketParser>();
    unread_.clear();
    return {};
  }

  Outcome<std::string> next_message(Instant deadline) {
    std::string message;
    while (true) {
      if (unread_.empty()) {
        std::array<std::byte, 4096> buffer{};
        const auto got = Socket::receive(connection_, buffer, deadline);
        if (!got) return tl::unexpected(got.error());
        unread_.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
      }
      const auto step = parser_->next(unread_);
      if (step.broken) return tl::unexpected("the server sent an invalid frame: " + parser_->why());
      unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(step.taken));
      const bool text = parser_->opcode() == rules::Opcode::kText;
      if (text) message += codecs::text_of(parser_->payload());
      if (step.message_ended && text) return message;
      if (step.message_ended && parser_->opcode() == rules::Opcode::kClose) {
        return tl::unexpected(std::string("the server closed the WebSocket"));
      }
    }
  }

  ClientSettings settings_;
  Fd connection_;
  std::unique_ptr<codecs::WebSocketParser> parser_;
  codecs::Bytes unread_;
  NumberedMessages numbers_;
};

}  // namespace

extern const UserRow kWebsocketUser{"websocket", make_client<WebSocketClient>};

}  // namespace brownout::rehearsal
