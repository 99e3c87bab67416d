// NatsCodec reads and writes the messages of one NATS connection for the faults of rules.
//
// A control line is limited to kMostLine bytes. A message that a rule may act on is buffered; more
// than kMostMessage bytes are then a protocol violation. The owner is the connection's
// MessageTunnel or RequestWatch. No I/O; one thread.
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
  // Maximum size of a control line in bytes. The INFO of a large cluster lists the address of every
  // server.
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
  // Maximum number of subscriptions that are stored.
  static constexpr std::size_t kMostSubscriptions = 100'000;

  class Reader final : public MessageReader {
   public:
    Reader(NatsCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    Bytes rest() override;
    // Also true before the server's first message, which must be INFO, so that no message is
    // inserted ahead of it.
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
    Bytes wire_;            // received bytes of the message, if it is buffered
    std::string line_;      // beginning of an incomplete control line
    rules::NatsLine read_;  // control line of the current message
    std::size_t headers_ = 0;
    std::size_t behind_ = 0;  // size of the message after its line, with the final CRLF
    std::size_t left_ = 0;    // number of the behind_ bytes that have not arrived yet
    bool within_ = false;     // whether a message has begun
    Wanted* wanted_ = nullptr;
    // Sizes in the line of the current message; set if `wanted_` was asked about this message.
    // `head_` is the message object that `wanted_` got; its memory is reused.
    std::optional<codecs::NatsSizes> shown_;
    std::shared_ptr<rules::NatsMessage> head_;
    bool learned_ = false;  // whether learn() was called for the current line
    bool passes_ = false;   // whether the message is forwarded unparsed: only its size is known
    bool keep_ = false;
  };

  // Updates the connection state from a line, and completes the line from that state.
  void learn(rules::NatsLine& line, Direction direction);

  void update_connection(rules::NatsConnection connection);

  std::shared_ptr<const rules::NatsConnection> connection_ =
      std::make_shared<const rules::NatsConnection>();
  bool begun_ = false;  // whether the first INFO has arrived; only it may request TLS
  // Key: sid, the client's id of the subscription.
  std::unordered_map<std::string, Subscription> subscriptions_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
