// Reads and writes the messages of a NATS connection.
//
// A line is limited to kMostLine bytes. A message larger than kMostMessage with its payload is a
// protocol violation if it has to be kept.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/nats/codec/nats_line.h"
#include "rules/protocols/nats/nats_message.h"

namespace brownout::messages {

class NatsCodec final : public MessageCodec {
 public:
  // The INFO of a large cluster lists the address of every server.
  static constexpr std::size_t kMostLine = 1 << 20;

  std::string_view name() const override { return "NATS"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::NatsMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  struct Subscription {
    std::string subject;
    std::string queue;
  };
  // Upper bound for remembered subscriptions.
  static constexpr std::size_t kMostSubscriptions = 100'000;

  class Reader final : public MessageReader {
   public:
    Reader(NatsCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    Bytes rest() override;
    // INFO must be the server's first message, so messages that rules insert wait for it.
    bool passing() const override {
      return (within_ && !keep_) || (direction_ == Direction::kDownstream && !codec_.begun_);
    }
    void ask(Wanted& wanted) override { wanted_ = &wanted; }

   private:
    bool wants(std::string_view bytes);
    std::string_view take_line(std::string_view line);
    rules::NatsMessage& head();
    std::string_view take_behind(ByteView bytes, std::size_t& taken);
    void finish(Step& step);

    NatsCodec& codec_;
    Direction direction_;
    Bytes wire_;            // bytes of the kept message
    std::string line_;      // beginning of an incomplete line
    rules::NatsLine read_;  // the line of the message
    std::size_t headers_ = 0;
    std::size_t behind_ = 0;  // bytes after the line, including the final CRLF
    std::size_t left_ = 0;    // bytes after the line still to come
    bool within_ = false;     // a message has begun
    Wanted* wanted_ = nullptr;
    // The sizes in the line of the current message, if its head was shown to `wanted_`. head_ is
    // the message object for that; its memory is reused.
    std::optional<codecs::NatsSizes> shown_;
    std::shared_ptr<rules::NatsMessage> head_;
    bool learned_ = false;  // learn() has run for this line
    bool passes_ = false;   // no rule wants this message: it is forwarded by its size alone
    bool keep_ = false;
  };

  // Updates the connection state from a line, and completes the line from that state.
  void learn(rules::NatsLine& line, Direction direction);

  void update_connection(rules::NatsConnection connection);

  std::shared_ptr<const rules::NatsConnection> connection_ =
      std::make_shared<const rules::NatsConnection>();
  bool begun_ = false;  // the first INFO has arrived; only the first may request TLS
  std::unordered_map<std::string, Subscription> subscriptions_;  // by sid
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
