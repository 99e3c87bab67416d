#include "rules/protocols/mqtt/codec/mqtt_watch.h"

// Only the beginning of each packet is stored, which is enough to pair requests with
// acknowledgements.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "rules/protocols/mqtt/codec/mqtt.h"

namespace brownout::messages {
namespace {

using codecs::ByteView;
using codecs::octet;
using rules::Instant;
using rules::MqttType;

// Number of bytes stored of each packet: enough for the protocol level of a CONNECT and the reason
// codes of most SUBACKs.
constexpr std::size_t kMostOfPacket = 128;
constexpr std::size_t kMostOpenPackets = 4096;
// Lowest reason code that means failure (MQTT 5.0, section 2.4).
constexpr std::uint8_t kFirstFailure = 0x80;
// Bits of the protocol level; the highest bit marks a bridge (another broker).
constexpr std::uint8_t kLevelBits = 0x7f;

struct SeenPacket {
  MqttType type{};
  std::uint8_t qos = 0;  // used for PUBLISH only
  std::uint16_t id = 0;  // packet identifier; 0 if there is none
  ByteView begin;        // the stored bytes after the fixed header
};

// PacketScan finds the packets of one direction.
class PacketScan {
 public:
  // Calls `see` for each complete packet.
  template <class See>
  void read(ByteView bytes, const See& see) {
    while (!broken_ && !bytes.empty()) {
      bytes = bytes.subspan(in_body_ ? read_body(bytes) : read_head(bytes.front()));
      if (!in_body_ || done_ < rest_) continue;
      see(packet());
      in_body_ = false;
      head_size_ = 0;
    }
  }
  void give_up() { broken_ = true; }

 private:
  // Reads one byte of the fixed header (MQTT 5.0, section 2.1). Returns the number of bytes read,
  // which is always 1.
  std::size_t read_head(std::byte byte) {
    head_[head_size_++] = byte;
    const auto head = codecs::read_mqtt_head(ByteView(head_).first(head_size_));
    broken_ = head.state == codecs::MqttHead::State::kBroken;
    if (head.state != codecs::MqttHead::State::kHead) return 1;
    in_body_ = true;
    type_ = head.type;
    rest_ = head.rest;
    done_ = kept_ = 0;
    id_ = 0;
    return 1;
  }

  std::size_t read_body(ByteView bytes) {
    const auto part = bytes.first(std::min(bytes.size(), rest_ - done_));
    const auto kept = std::min(part.size(), kMostOfPacket - kept_);
    std::copy_n(part.begin(), kept, begin_.begin() + static_cast<std::ptrdiff_t>(kept_));
    kept_ += kept;
    // The packet identifier of a PUBLISH follows the topic, possibly after the stored bytes.
    const auto at = id_at();
    for (std::size_t i = 0; i < 2; ++i) {
      if (at + i >= done_ && at + i < done_ + part.size()) {
        id_ = static_cast<std::uint16_t>(id_ << 8 | octet(part, at + i - done_));
      }
    }
    done_ += part.size();
    return part.size();
  }

  std::uint8_t qos() const { return octet(ByteView(head_), 0) >> 1 & 3; }
  std::size_t id_at() const {
    if (type_ != MqttType::kPublish) return 0;
    if (kept_ < 2) return kMostOfPacket;
    return 2 + (std::size_t{octet(ByteView(begin_), 0)} << 8 | octet(ByteView(begin_), 1));
  }
  SeenPacket packet() const {
    return {type_, type_ == MqttType::kPublish ? qos() : std::uint8_t{0}, id_,
            ByteView(begin_).first(kept_)};
  }

  std::array<std::byte, 5> head_{};
  std::size_t head_size_ = 0;
  std::array<std::byte, kMostOfPacket> begin_{};
  std::size_t kept_ = 0;
  std::size_t rest_ = 0;
  std::size_t done_ = 0;
  std::uint16_t id_ = 0;
  MqttType type_{};
  bool in_body_ = false;
  bool broken_ = false;
};

// Returns the type of the acknowledgement, or no value if the packet needs none.
std::optional<MqttType> answer_to(const SeenPacket& packet) {
  switch (packet.type) {
    case MqttType::kConnect:
      return MqttType::kConnack;
    case MqttType::kPublish:
      if (packet.qos == 0) return std::nullopt;
      return packet.qos == 1 ? MqttType::kPuback : MqttType::kPubrec;
    case MqttType::kPubrel:
      return MqttType::kPubcomp;
    case MqttType::kSubscribe:
      return MqttType::kSuback;
    case MqttType::kUnsubscribe:
      return MqttType::kUnsuback;
    case MqttType::kPingreq:
      return MqttType::kPingresp;
    default:
      return std::nullopt;
  }
}

class MqttWatch final : public RequestWatch {
 public:
  void from_client(ByteView bytes, Instant now) override {
    client_.read(bytes, [&](const SeenPacket& packet) { ask(packet, now); });
  }
  void to_client(ByteView bytes, std::vector<Answer>& answers) override {
    server_.read(bytes, [&](const SeenPacket& packet) {
      const auto asked = open_.find({packet.type, id_of(packet)});
      if (asked == open_.end()) return;
      answers.push_back({asked->second, succeeds(packet)});
      open_.erase(asked);
    });
  }
  std::size_t open() const override { return open_.size(); }
  bool leaving() const override { return leaving_; }

 private:
  static std::uint16_t id_of(const SeenPacket& packet) {
    const bool without = packet.type == MqttType::kConnect || packet.type == MqttType::kConnack ||
                         packet.type == MqttType::kPingreq || packet.type == MqttType::kPingresp;
    return without ? std::uint16_t{0} : packet.id;
  }

  void ask(const SeenPacket& packet, Instant now) {
    if (!connected_ && packet.type != MqttType::kConnect) return client_.give_up();
    if (packet.type == MqttType::kConnect) read_level(packet.begin);
    leaving_ |= packet.type == MqttType::kDisconnect;
    const auto answer = answer_to(packet);
    // emplace() keeps the earlier time if a packet is sent again.
    if (answer && open_.size() < kMostOpenPackets) open_.emplace(Key{*answer, id_of(packet)}, now);
  }

  // Reads the protocol level, which follows the protocol name (MQTT 5.0, section 3.1.2).
  void read_level(ByteView connect) {
    connected_ = true;
    if (connect.size() < 2) return;
    const auto at = 2 + (std::size_t{octet(connect, 0)} << 8 | octet(connect, 1));
    if (at < connect.size()) level_ = octet(connect, at) & kLevelBits;
  }

  bool succeeds(const SeenPacket& answer) const {
    const auto& begin = answer.begin;
    switch (answer.type) {
      case MqttType::kConnack:
        return begin.size() < 2 || octet(begin, 1) == 0;
      case MqttType::kSuback:
      case MqttType::kUnsuback:
        return none_failed(begin);
      default:
        return begin.size() < 3 || octet(begin, 2) < kFirstFailure;
    }
  }

  // Whether all reason codes mean success. There is one code per filter. In 5.0, properties with
  // their length come before the codes.
  bool none_failed(ByteView begin) const {
    std::size_t at = 2;
    if (level_ == rules::kMqtt5 && at < begin.size()) {
      std::size_t length = 0;
      for (unsigned shift = 0; at < begin.size() && shift < 28; shift += 7) {
        const auto digit = octet(begin, at++);
        length |= std::size_t{digit & 0x7fU} << shift;
        if ((digit & 0x80U) == 0) break;
      }
      at += length;
    }
    if (at >= begin.size()) return true;
    const auto reasons = begin.subspan(at);
    return std::none_of(reasons.begin(), reasons.end(), [](std::byte reason) {
      return std::to_integer<std::uint8_t>(reason) >= kFirstFailure;
    });
  }

  // Type and packet identifier of the acknowledgement.
  using Key = std::pair<MqttType, std::uint16_t>;
  std::map<Key, Instant> open_;
  PacketScan client_;
  PacketScan server_;
  std::uint8_t level_ = rules::kMqtt311;
  bool connected_ = false;
  bool leaving_ = false;
};

}  // namespace

std::unique_ptr<RequestWatch> make_mqtt_watch() { return std::make_unique<MqttWatch>(); }

}  // namespace brownout::messages
