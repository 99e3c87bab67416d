#include "proxy/messages/mqtt_codec.h"

#include <algorithm>
#include <utility>

#include "proxy/codecs/mqtt_fields.h"

namespace brownout::messages {
namespace {

using rules::MqttPacket;
using rules::MqttPropertyId;
using rules::MqttType;

// A CONNECT has texts of up to 64 KiB each, and properties of its own and of its will.
constexpr std::size_t kMostConnect = 1 << 20;
// A topic, and properties that are worth looking through.
constexpr std::size_t kMostBegin = 70 * 1024;
constexpr std::size_t kMostAliasBytes = 1 << 20;

std::uint32_t alias_of(const MqttPacket& packet) {
  const auto* alias = rules::find_property(packet.properties, MqttPropertyId::kTopicAlias);
  return alias != nullptr ? alias->number : 0;
}

}  // namespace

// What does not fit is not known, and so matches no topic.
void MqttCodec::Aliases::set(std::uint32_t alias, std::string_view topic) {
  auto& known = topics_[alias];
  bytes_ -= known.size();
  known = bytes_ + topic.size() <= kMostAliasBytes ? std::string(topic) : std::string();
  bytes_ += known.size();
}

std::string MqttCodec::Aliases::of(std::uint32_t alias) const {
  const auto found = topics_.find(alias);
  return found != topics_.end() ? found->second : std::string();
}

// The fixed header is there. Empty, or why this is no MQTT.
std::string_view MqttCodec::Reader::begin(const codecs::MqttHead& head) {
  size_ = head.size + head.rest;
  const bool connect = head.type == MqttType::kConnect;
  if (!connect && codec_.client_ == nullptr) return "it does not begin with a CONNECT";
  if (connect && (direction_ == Direction::kDownstream || codec_.client_ != nullptr)) {
    return "a CONNECT that must not be here";
  }
  if (connect && size_ > kMostConnect) return "a CONNECT of more than 1 MiB";
  if (keep_ && size_ > kMostMessage) return "a packet of more than 16 MiB";
  look_ = connect ? Look::kWhole : Look::kNot;
  if (head.type == MqttType::kPublish && codec_.level_ == rules::kMqtt5) look_ = Look::kBegin;
  return {};
}

bool MqttCodec::Reader::wants_more() const {
  return keep_ || look_ == Look::kWhole || (look_ == Look::kBegin && packet_.size() < kMostBegin);
}

MessageReader::Step MqttCodec::Reader::next(ByteView bytes, bool keep) {
  if (done_ == 0) {
    keep_ = keep;
    size_ = 0;
    packet_.clear();
  }
  const auto before = packet_.size();
  const auto broken = [&](std::string_view why) {
    packet_.resize(before);
    return Step{.broken = why};
  };
  std::size_t taken = 0;
  while (size_ == 0 && taken < bytes.size()) {
    packet_.push_back(bytes[taken++]);
    const auto head = codecs::read_mqtt_head(packet_);
    if (head.state == codecs::MqttHead::State::kMore) continue;
    if (head.state == codecs::MqttHead::State::kBroken) return broken("no header of a packet");
    if (const auto why = begin(head); !why.empty()) return broken(why);
  }
  Step step{.kept = keep_};
  if (size_ > 0) {
    const auto part = bytes.subspan(taken, std::min(bytes.size() - taken, size_ - done_ - taken));
    if (wants_more()) packet_.insert(packet_.end(), part.begin(), part.end());
    taken += part.size();
    if (done_ + taken == size_) {
      if (const auto why = finish(step); !why.empty()) return broken(why);
      done_ = 0;
      step.taken = taken;
      return step;
    }
  }
  done_ += taken;
  step.taken = taken;
  return step;
}

void MqttCodec::Reader::meet_client(const MqttPacket& packet) {
  codec_.level_ = packet.connect->level;
  codec_.client_ = std::make_shared<const rules::MqttConnect>(*packet.connect);
}

// As it would be without an alias.
std::string MqttCodec::Reader::topic_of(const MqttPacket& packet) {
  const auto alias = alias_of(packet);
  if (alias == 0) return packet.topic;
  if (packet.topic.empty()) return sent.of(alias);
  sent.set(alias, packet.topic);
  if (!keep_) known.set(alias, packet.topic);
  return packet.topic;
}

// The packet is complete. Empty, or why it is none.
std::string_view MqttCodec::Reader::finish(Step& step) {
  if (!keep_ && look_ == Look::kNot) return {};
  if (!keep_ && look_ == Look::kBegin) {
    if (const auto publish = codecs::read_publish(packet_, codec_.level_)) topic_of(*publish);
    return {};
  }
  auto read = codecs::read_mqtt(packet_, codec_.level_);
  if (!read) return "a malformed packet";
  if (read->packet.connect) meet_client(read->packet);
  if (!keep_) return {};
  const auto payload = read->packet.type == MqttType::kPublish
                           ? read->payload
                           : ByteView(packet_).subspan(codecs::read_mqtt_head(packet_).size);
  step.ended.emplace();
  step.ended->payload.assign(payload.begin(), payload.end());
  auto topic = read->packet.type == MqttType::kPublish ? topic_of(read->packet) : std::string();
  step.ended->message = std::make_shared<rules::Message>(
      rules::Message{.protocol = rules::MessageProtocol::kMqtt,
                     .wire = std::exchange(packet_, {}),
                     .mqtt = std::make_shared<const MqttPacket>(std::move(read->packet)),
                     .client = codec_.client_,
                     .topic = std::move(topic)});
  return {};
}

Bytes MqttCodec::Reader::rest() {
  done_ = 0;
  return std::exchange(packet_, {});
}

Bytes MqttCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto& message = *chunk.message();
  const auto& packet = *message.mqtt;
  const bool publish = packet.type == MqttType::kPublish;
  if (const auto alias = publish ? alias_of(packet) : 0; alias != 0 && !message.topic.empty()) {
    auto& known = side(direction).known;
    const bool news = known.of(alias) != message.topic;
    if (news) known.set(alias, message.topic);
    if (news && packet.topic.empty()) {
      auto whole = packet;
      whole.topic = message.topic;
      return codecs::write_mqtt(whole, level_, chunk.bytes());
    }
  }
  if (message.wire.empty()) return codecs::write_mqtt(packet, level_, chunk.bytes());
  if (!chunk.touched()) return message.wire;
  if (publish) return codecs::write_mqtt(packet, level_, chunk.bytes());
  codecs::MqttFieldWriter whole;
  whole.byte(std::to_integer<std::uint8_t>(message.wire.front()));
  whole.length(chunk.size());
  whole.bytes(chunk.bytes());
  return whole.take();
}

}  // namespace brownout::messages
