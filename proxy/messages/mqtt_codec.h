// MQTT packets as messages. The payload of a message is that of its PUBLISH; of any other packet it
// is all behind the fixed header.
//
// What the connection has said before is remembered, whether or not a rule can act: its CONNECT,
// and in MQTT 5.0 the topic aliases (3.3.2.3.4). Where a rule dropped, or put out of order, what
// defined an alias, the next packet with it is given the topic.
#pragma once

#include <map>
#include <string>

#include "proxy/codecs/mqtt.h"
#include "proxy/messages/message_codec.h"

namespace brownout::messages {

class MqttCodec final : public MessageCodec {
 public:
  std::string_view name() const override { return "MQTT"; }
  unsigned protocols() const override { return rules::kOfMqtt; }
  MessageReader& reader(Direction direction) override { return side(direction); }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

  class Aliases {
   public:
    void set(std::uint32_t alias, std::string_view topic);
    std::string of(std::uint32_t alias) const;  // empty: not known

   private:
    std::map<std::uint32_t, std::string> topics_;
    std::size_t bytes_ = 0;
  };

  class Reader final : public MessageReader {
   public:
    Reader(MqttCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? packet_.size() : 0; }
    Bytes rest() override;
    // In the middle of a packet.
    bool within() const { return done_ > 0; }

    Aliases sent;   // by whom is read
    Aliases known;  // to whom it is written

   private:
    // Of the packet that has begun.
    enum class Look { kNot, kBegin, kWhole };

    std::string_view begin(const codecs::MqttHead& head);
    std::string_view finish(Step& step);
    void meet_client(const rules::MqttPacket& packet);
    std::string topic_of(const rules::MqttPacket& packet);
    bool wants_more() const;

    MqttCodec& codec_;
    const Direction direction_;
    Bytes packet_;          // as far as it is kept, or looked at
    std::size_t size_ = 0;  // of all of it; 0 while its fixed header is not complete
    std::size_t done_ = 0;
    bool keep_ = false;
    Look look_ = Look::kNot;
  };

  Reader& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

 private:
  std::uint8_t level_ = rules::kMqtt311;
  std::shared_ptr<const rules::MqttConnect> client_;  // null before its CONNECT
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
