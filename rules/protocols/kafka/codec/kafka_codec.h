// KafkaCodec reads and writes the messages of one Kafka connection: requests of the client, and
// responses of the broker, each with its length in front.
//
// A message that a rule may act on is buffered whole. After one of more than kMostKafkaMessage
// bytes, no rule acts on the connection any more. Messages of APIs and versions that the schema
// does not have, and malformed ones, pass without being decoded, which is reported once. Addresses
// of brokers in responses are replaced before rules see them. The connection's MessageTunnel owns
// the codec. No I/O; one thread.
//
// Source: kafka.apache.org/protocol; KIP-482 (flexible versions), KIP-511 (ApiVersions).
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/kafka/codec/kafka_pairing.h"
#include "rules/protocols/kafka/codec/kafka_session.h"
#include "rules/protocols/kafka/codec/kafka_walk.h"
#include "rules/protocols/kafka/kafka_body_records.h"
#include "rules/protocols/kafka/kafka_message.h"
#include "rules/schema/address_map.h"

namespace brownout::messages {

// A Fetch response has 50 MiB at most by default (fetch.max.bytes), and more with a large batch.
inline constexpr std::size_t kMostKafkaMessage = 64 << 20;

class KafkaCodec final : public MessageCodec {
 public:
  // `rewrite` says which addresses of brokers to replace by which others. `topics` is what all
  // connections know of topics.
  explicit KafkaCodec(rules::AddressMap rewrite = {}, rules::SharedNames topics = {})
      : rewrite_(std::move(rewrite)), topics_(std::move(topics)) {}

  std::string_view name() const override { return "Kafka"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::KafkaMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  // Whether the connection must be closed when its messages can no longer be parsed. A client
  // assigns responses to requests by their order, so raw bytes must not pass ahead of a missing
  // one.
  bool must_end(Direction) const override { return !pairing_.is_intact(); }
  void set_rewrite(const rules::AddressMap& map) override { rewrite_ = map; }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  // How the next response of the server is treated if no rule needs it.
  enum class NextResponse {
    kPasses,
    kRewrittenAtEnd,  // passes, but the tagged fields at its end may name brokers
    kKept,            // is read: it waits, names brokers or topics, or a fault changes it
  };
  class Reader final : public MessageReader {
   public:
    Reader(KafkaCodec& codec, Direction direction) : codec_(codec), direction_(direction) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : tail_.size(); }
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }
    void ask(Wanted& wanted) override { wanted_ = &wanted; }

   private:
    struct Seen {
      std::size_t taken = 0;
      bool ended = false;
      // All that is known of the message that ends: the whole, or its head.
      ByteView frame = {};
      bool kept = false;  // whether the taken bytes are buffered
    };
    bool is_request() const { return direction_ == Direction::kUpstream; }
    void begin(bool keep);
    void begin_response(NextResponse next);
    // Takes bytes up to the end of the message. Sets broken_ if they violate the protocol.
    Seen see(ByteView bytes);
    Seen gather(ByteView bytes);
    void check(ByteView frame);
    void check_end(ByteView frame);
    void finish_request(Step& step, ByteView frame);
    void finish_response(Step& step, ByteView frame);
    void finish_unpaired(Step& step, ByteView message);
    std::shared_ptr<rules::KafkaMessage> response_to(const KafkaRequest& request) const;
    // Returns the tagged fields at the end of a response, with other addresses of brokers.
    Bytes finish_tail();
    // Returns the body if it was read.
    std::optional<rules::KafkaTree> examine(rules::KafkaMessage& view, ByteView body);
    bool changes(rules::KafkaTree& response, const rules::KafkaMessage& request);
    void end(Step& step, std::shared_ptr<const rules::KafkaMessage> view, ByteView header,
             ByteView body);
    bool wants(const std::shared_ptr<const rules::KafkaMessage>& view);
    // Reports an event, each kind once for the connection.
    void report(std::string_view event, std::string why);
    void report_unknown(const rules::KafkaMessage& view);
    void report_too_large(std::size_t size);
    std::string too_large(std::size_t size) const;
    void report_left_out(const std::vector<rules::AnnouncedServer>& brokers);

    KafkaCodec& codec_;
    Direction direction_;
    Wanted* wanted_ = nullptr;
    // Bytes of a message that arrives in pieces: all if it is buffered or examined, otherwise its
    // head.
    Bytes wire_;
    std::size_t got_ = 0;   // number of bytes of the message so far
    std::size_t size_ = 0;  // of the message with its length in front; 0 if not known
    std::optional<KafkaPairing::Answer> answer_;  // the request of the response that ends
    // An unbuffered response whose tagged fields at its end may name brokers: the way to these, its
    // request, and these fields as far as they are there.
    std::optional<codecs::KafkaWalk> walk_;
    KafkaRequest walked_;
    Bytes tail_;
    bool in_tail_ = false;
    std::string broken_;                // why no further bytes can be parsed
    bool too_large_ = false;            // whether this is the size of a message
    std::vector<CodecReport> reports_;  // events since the last step
    std::size_t next_head_ = 0;         // size of wire_ at which the head is parsed again
    bool within_ = false;               // whether a message has begun
    bool keep_ = false;                 // whether the message is buffered
    bool examines_ = false;             // whether its facts are needed, also if it is not buffered
    bool asks_ = false;                 // whether to ask `wanted_` when the message is complete
    bool headed_ = false;               // whether wire_ has the whole head
    bool whole_ = false;                // whether the message that ends is there as a whole
  };

  NextResponse next_response() const;

  rules::AddressMap rewrite_;
  rules::SharedNames topics_;
  std::shared_ptr<rules::KafkaRecordSlot> slot_ = std::make_shared<rules::KafkaRecordSlot>();
  KafkaPairing pairing_;
  KafkaSession session_;
  bool raw_sasl_ = false;              // whether SASL tokens follow instead of messages
  std::vector<std::string> reported_;  // kinds of events
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
