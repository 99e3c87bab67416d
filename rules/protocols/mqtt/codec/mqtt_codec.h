// MQTT packets as messages. The payload of a message is that of its PUBLISH; of any other packet it
// is all behind the fixed header.
//
// What the connection has said before is remembered, whether or not a rule can act: its CONNECT,
// and in MQTT 5.0 the topic aliases (3.3.2.3.4). Where a rule dropped, or put out of order, what
// defined an alias, the next packet with it is given the topic, even if no rule can act by then.
//
// No more aliases are known of a direction than its receiver allows (3.1.2.11.5, 3.2.2.3.8), and no
// more than fit into kMostAliasBytes: a topic of an alias beyond is not known, and matches no rule.
#pragma once

#include <map>
#include <set>
#include <string>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/mqtt/codec/mqtt.h"
#include "rules/protocols/mqtt/mqtt_message.h"

namespace brownout::messages {

class MqttCodec final : public MessageCodec {
 public:
  std::string_view name() const override { return "MQTT"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::MqttMessage::protocol());
  }
  MessageReader& reader(Direction direction) override { return side(direction); }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

  // What each takes of memory, with its topic.
  static constexpr std::size_t kMostAliasBytes = 1 << 20;
  class Aliases {
   public:
    // The highest; without it there are none.
    void allow(std::uint32_t most) { most_ = most; }
    void set(std::uint32_t alias, std::string_view topic);
    std::string of(std::uint32_t alias) const;  // empty: not known
    std::size_t bytes() const { return bytes_; }

   private:
    std::map<std::uint32_t, std::string> topics_;
    std::uint32_t most_ = 0;
    std::size_t bytes_ = 0;
  };

  class Reader final : public MessageReader {
   public:
    Reader(MqttCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override { return read(bytes, keep || strays()); }
    // The same; `keep` alone decides.
    Step read(ByteView bytes, bool keep);
    // An alias means another topic to its receiver than to its sender: what comes must be written.
    bool strays() const { return !astray_.empty(); }
    std::size_t held() const override { return keep_ ? packet_.size() : 0; }
    Bytes rest() override;
    bool passing() const override { return within() && !keep_; }
    // In the middle of a packet.
    bool within() const { return done_ > 0; }

    Aliases sent;   // by whom is read
    Aliases known;  // to whom it is written
    // Either has told the other what this alias means.
    void settle(std::uint32_t alias);

   private:
    // Of the packet that has begun.
    enum class Look { kNot, kBegin, kWhole };

    std::string_view take(ByteView bytes, Step& step);
    std::string_view begin(const codecs::MqttHead& head);
    std::string_view finish(Step& step);
    void meet(const rules::MqttPacket& packet);
    void allow_aliases(const rules::MqttPacket& packet);
    std::string topic_of(const rules::MqttPacket& packet);
    bool wants_more() const;

    MqttCodec& codec_;
    const Direction direction_;
    Bytes packet_;          // as far as it is kept, or looked at
    std::size_t size_ = 0;  // of all of it; 0 while its fixed header is not complete
    std::size_t done_ = 0;
    bool keep_ = false;
    Look look_ = Look::kNot;
    std::set<std::uint32_t> astray_;
  };

  Reader& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

 private:
  std::uint8_t level_ = rules::kMqtt311;
  std::shared_ptr<const rules::MqttConnect> client_;  // null before its CONNECT
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
