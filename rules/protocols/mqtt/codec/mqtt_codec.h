// MqttCodec reads and writes the MQTT packets of one connection for the faults of rules.
//
// The codec always reads the CONNECT and, in MQTT 5.0, the topic aliases (section 3.3.2.3.4), even
// if no rule can act. If a rule drops or reorders the packet that defines an alias, the codec
// writes the topic into the next packet with this alias. It does so even if the rule has been
// removed by then.
//
// For each direction, the codec stores the aliases that the receiver allows (MQTT 5.0, sections
// 3.1.2.11.5 and 3.2.2.3.8), up to kMostAliasBytes. The topic of any other alias is unknown and
// matches no rule. The connection's MessageTunnel or MqttWebSocketCodec owns the codec. No I/O; one
// thread.
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

  // Maximum memory in bytes for the topic aliases of one table (a direction has two), including
  // topics.
  static constexpr std::size_t kMostAliasBytes = 1 << 20;
  class Aliases {
   public:
    // Sets the highest alias that is stored. Initially it is 0, so no alias is stored.
    void allow(std::uint32_t most) { most_ = most; }
    void set(std::uint32_t alias, std::string_view topic);
    std::string of(std::uint32_t alias) const;  // returns the topic; empty if the alias is unknown
    std::size_t bytes() const { return bytes_; }

   private:
    std::map<std::uint32_t, std::string> topics_;
    std::uint32_t most_ = 0;
    std::size_t bytes_ = 0;
  };

  class Reader final : public MessageReader {
   public:
    Reader(MqttCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override { return read(bytes, keep || aliases_differ()); }
    // Like next(), but does not buffer packets only because aliases differ.
    Step read(ByteView bytes, bool keep);
    // Whether some alias has different topics at the sender and the receiver, because a rule
    // dropped or reordered a packet. While true, packets must be buffered and rewritten.
    bool aliases_differ() const { return !differing_aliases_.empty(); }
    std::size_t held() const override { return keep_ ? packet_.size() : 0; }
    Bytes rest() override;
    bool passing() const override { return within() && !keep_; }
    // Whether the last step ended within a packet.
    bool within() const { return done_ > 0; }

    Aliases sent;   // the topic for each alias, as the sender defined it
    Aliases known;  // the topic for each alias, as the receiver knows it
    // Updates aliases_differ() after a change to `alias` in `sent` or `known`.
    void compare_alias(std::uint32_t alias);

   private:
    // The part of the current packet that is parsed even if no rule can act.
    enum class Look { kNot, kBegin, kWhole };

    std::string_view take(ByteView bytes, Step& step);
    std::string_view begin(const codecs::MqttHead& head);
    std::string_view finish(Step& step);
    void remember(const rules::MqttPacket& packet);
    void allow_aliases(const rules::MqttPacket& packet);
    std::string topic_of(const rules::MqttPacket& packet);
    bool wants_more() const;

    MqttCodec& codec_;
    const Direction direction_;
    Bytes packet_;  // the buffered or parsed part of the current packet
    // Size of the whole packet in bytes; 0 until its fixed header is complete.
    std::size_t size_ = 0;
    std::size_t done_ = 0;  // number of bytes of the packet taken so far
    bool keep_ = false;
    Look look_ = Look::kNot;
    std::set<std::uint32_t> differing_aliases_;
  };

  Reader& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

 private:
  std::uint8_t level_ = rules::kMqtt311;
  // CONNECT of the client; null until it has arrived.
  std::shared_ptr<const rules::MqttConnect> client_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
