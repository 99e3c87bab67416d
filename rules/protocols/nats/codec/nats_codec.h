// Messages of a connection of NATS. A line has at most kMostLine bytes; a message of more than
// kMostMessage with its payload is no message any more where it would have to be kept.
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
  // INFO of a large cluster has every server's address.
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
  // Of what is subscribed to, so much is remembered.
  static constexpr std::size_t kMostSubscriptions = 100'000;

  class Reader final : public MessageReader {
   public:
    Reader(NatsCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    Bytes rest() override;
    // The server speaks first: what a rule says comes behind its INFO.
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
    Bytes wire_;            // of the message that is kept
    std::string line_;      // of which the end has not come
    rules::NatsLine read_;  // the line of the message
    std::size_t headers_ = 0;
    std::size_t behind_ = 0;  // bytes behind the line, with the CRLF at their end
    std::size_t left_ = 0;    // of these
    bool within_ = false;     // a message has begun
    Wanted* wanted_ = nullptr;
    // Of a message whose head has been shown: the sizes of its line, and what was shown, which is
    // used again.
    std::optional<codecs::NatsSizes> shown_;
    std::shared_ptr<rules::NatsMessage> head_;
    bool learned_ = false;  // from the line, when its head was shown
    bool passes_ = false;   // of whose line only the sizes matter
    bool keep_ = false;
  };

  // What the connection learns from a line; completes it.
  void learn(rules::NatsLine& line, Direction direction);

  void know(rules::NatsConnection connection);

  std::shared_ptr<const rules::NatsConnection> connection_ =
      std::make_shared<const rules::NatsConnection>();
  bool begun_ = false;  // the first INFO has come: only that may ask for TLS
  std::unordered_map<std::string, Subscription> subscriptions_;  // by sid
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
