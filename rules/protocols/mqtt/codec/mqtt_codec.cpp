#include "rules/protocols/mqtt/codec/mqtt_codec.h"

#include <algorithm>
#include <utility>

#include "rules/protocols/mqtt/codec/mqtt_fields.h"

namespace brownout::messages {
namespace {

using rules::MqttPacket;
using rules::MqttPropertyId;
using rules::MqttType;

// Maximum size of a CONNECT in bytes. It has several texts of up to 64 KiB each, plus properties.
constexpr std::size_t kMostConnect = 1 << 20;
// Number of bytes at the start of a PUBLISH that are searched for a topic alias: the longest topic,
// plus properties.
constexpr std::size_t kMostBegin = 70 * 1024;

std::uint32_t number_of(const MqttPacket& packet, MqttPropertyId id) {
  const auto* found = rules::find_property(packet.properties, id);
  return found != nullptr ? found->number : 0;
}
std::uint32_t alias_of(const MqttPacket& packet) {
  return number_of(packet, MqttPropertyId::kTopicAlias);
}

// Memory in bytes that an alias uses apart from its topic: a map node, as an allocator rounds it.
constexpr std::size_t kAliasNode = 128;
std::size_t cost_of(std::string_view topic) { return kAliasNode + topic.size(); }

}  // namespace

void MqttCodec::Aliases::set(std::uint32_t alias, std::string_view topic) {
  const auto before = topics_.find(alias);
  if (before != topics_.end()) {
    bytes_ -= cost_of(before->second);
    topics_.erase(before);
  }
  if (alias > most_ || bytes_ + cost_of(topic) > kMostAliasBytes) return;
  topics_.emplace(alias, topic);
  bytes_ += cost_of(topic);
}

std::string MqttCodec::Aliases::of(std::uint32_t alias) const {
  const auto found = topics_.find(alias);
  return found != topics_.end() ? found->second : std::string();
}

// Decides, from the complete fixed header, how much of the packet to parse. Returns why the packet
// is not allowed, or "".
std::string_view MqttCodec::Reader::begin(const codecs::MqttHead& head) {
  size_ = head.size + head.rest;
  const bool connect = head.type == MqttType::kConnect;
  if (!connect && codec_.client_ == nullptr) return "the connection does not begin with a CONNECT";
  if (connect && (direction_ == Direction::kDownstream || codec_.client_ != nullptr)) {
    return "an unexpected CONNECT";
  }
  if (connect && size_ > kMostConnect) return "a CONNECT of more than 1 MiB";
  if (keep_ && size_ > kMostMessage) return "a packet of more than 16 MiB";
  look_ = connect ? Look::kWhole : Look::kNot;
  if (codec_.level_ != rules::kMqtt5) return {};
  if (head.type == MqttType::kPublish) look_ = Look::kBegin;
  if (head.type == MqttType::kConnack && size_ <= kMostConnect) look_ = Look::kWhole;
  return {};
}

bool MqttCodec::Reader::wants_more() const {
  return keep_ || look_ == Look::kWhole || (look_ == Look::kBegin && packet_.size() < kMostBegin);
}

MessageReader::Step MqttCodec::Reader::read(ByteView bytes, bool keep) {
  if (done_ == 0) {
    keep_ = keep;
    size_ = 0;
    packet_.clear();
  }
  Step step{.kept = keep_};
  const auto before = packet_.size();
  const auto why = take(bytes, step);
  if (!why.empty()) {
    packet_.resize(before);
    step.taken = 0;
    step.kept = false;
    step.ended.reset();
    step.broken = why;
  }
  return step;
}

// Takes bytes up to the end of the packet and sets `step`. Returns why the stream is not MQTT, or
// "".
std::string_view MqttCodec::Reader::take(ByteView bytes, Step& step) {
  std::size_t taken = 0;
  while (size_ == 0 && taken < bytes.size()) {
    packet_.push_back(bytes[taken++]);
    const auto head = codecs::read_mqtt_head(packet_, codec_.level_);
    if (head.state == codecs::MqttHead::State::kMore) continue;
    if (head.state == codecs::MqttHead::State::kBroken) return "an invalid packet header";
    if (const auto why = begin(head); !why.empty()) return why;
  }
  step.kept = keep_;
  if (size_ > 0) {
    const auto part = bytes.subspan(taken, std::min(bytes.size() - taken, size_ - done_ - taken));
    if (wants_more()) packet_.insert(packet_.end(), part.begin(), part.end());
    taken += part.size();
  }
  step.taken = taken;
  if (size_ == 0 || done_ + taken < size_) {
    done_ += taken;
    return {};
  }
  const auto why = finish(step);
  if (why.empty()) done_ = 0;
  return why;
}

// Stores the state on which parsing of later packets depends.
void MqttCodec::Reader::remember(const MqttPacket& packet) {
  if (packet.connect) {
    codec_.level_ = packet.connect->level;
    codec_.client_ = std::make_shared<const rules::MqttConnect>(*packet.connect);
    codec_.down_.allow_aliases(packet);
  }
  if (packet.type == MqttType::kConnack && direction_ == Direction::kDownstream) {
    codec_.up_.allow_aliases(packet);
  }
}

// Sets the highest alias to the Topic Alias Maximum in `packet`, sent by the receiver of this
// direction.
void MqttCodec::Reader::allow_aliases(const MqttPacket& packet) {
  const auto most = number_of(packet, MqttPropertyId::kTopicAliasMaximum);
  sent.allow(most);
  known.allow(most);
}

// Returns the topic of a PUBLISH. If an alias replaces the topic, returns the topic that the alias
// stands for. Stores a new alias.
std::string MqttCodec::Reader::topic_of(const MqttPacket& packet) {
  const auto alias = alias_of(packet);
  if (alias == 0) return packet.topic;
  if (packet.topic.empty()) return sent.of(alias);
  sent.set(alias, packet.topic);
  if (!keep_) known.set(alias, packet.topic);
  compare_alias(alias);
  return packet.topic;
}

void MqttCodec::Reader::compare_alias(std::uint32_t alias) {
  const auto topic = sent.of(alias);
  if (topic.empty() || topic == known.of(alias)) {
    differing_aliases_.erase(alias);
  } else {
    differing_aliases_.insert(alias);
  }
}

// Parses a complete packet, if a rule or a later packet needs its contents. Returns why the packet
// is malformed, or "".
std::string_view MqttCodec::Reader::finish(Step& step) {
  if (!keep_ && look_ == Look::kNot) return {};
  if (!keep_ && look_ == Look::kBegin) {
    if (const auto publish = codecs::read_publish(packet_, codec_.level_)) topic_of(*publish);
    return {};
  }
  auto read = codecs::read_mqtt(packet_, codec_.level_);
  if (!read) return "a malformed packet";
  remember(read->packet);
  if (!keep_) return {};
  const auto payload =
      read->packet.type == MqttType::kPublish
          ? read->payload
          : ByteView(packet_).subspan(codecs::read_mqtt_head(packet_, codec_.level_).size);
  step.ended.emplace();
  step.ended->payload.assign(payload.begin(), payload.end());
  auto topic = read->packet.type == MqttType::kPublish ? topic_of(read->packet) : std::string();
  step.ended->message = std::make_shared<rules::Message>(
      rules::Message{.protocol = &rules::MqttMessage::protocol(),
                     .view = std::make_shared<const rules::MqttMessage>(
                         std::move(read->packet), codec_.client_, std::move(topic)),
                     .wire = std::exchange(packet_, {})});
  return {};
}

Bytes MqttCodec::Reader::rest() {
  done_ = 0;
  return std::exchange(packet_, {});
}

Bytes MqttCodec::write(const rules::Chunk& chunk, Direction direction) {
  const auto& wire = chunk.message()->wire;
  const auto& message = *rules::view_as<rules::MqttMessage>(chunk.message());
  const auto& packet = message.packet;
  const bool publish = packet.type == MqttType::kPublish;
  if (const auto alias = publish ? alias_of(packet) : 0; alias != 0 && !message.topic.empty()) {
    auto& reader = side(direction);
    const bool news = reader.known.of(alias) != message.topic;
    if (news) {
      reader.known.set(alias, message.topic);
      reader.compare_alias(alias);
    }
    if (news && packet.topic.empty()) {
      auto whole = packet;
      whole.topic = message.topic;
      return codecs::write_mqtt(whole, level_, chunk.bytes());
    }
  }
  if (wire.empty()) return codecs::write_mqtt(packet, level_, chunk.bytes());
  if (!chunk.touched()) return wire;
  if (publish) return codecs::write_mqtt(packet, level_, chunk.bytes());
  codecs::MqttFieldWriter whole;
  whole.byte(std::to_integer<std::uint8_t>(wire.front()));
  whole.length(chunk.size());
  whole.bytes(chunk.bytes());
  return whole.take();
}

}  // namespace brownout::messages
