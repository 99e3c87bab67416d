// Reads and writes the messages of a Redis connection: commands upstream, replies and pushes
// downstream.
//
// A message larger than kMostMessage is a protocol violation if it has to be kept. A replication
// stream, which follows SYNC or PSYNC, is not parsed. Server addresses in replies are rewritten
// before rules see them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/redis/codec/redis_pairing.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis_message.h"
#include "rules/schema/address_map.h"

namespace brownout::messages {

class RedisCodec final : public MessageCodec {
 public:
  explicit RedisCodec(rules::AddressMap rewrite = {}) : rewrite_(std::move(rewrite)) {}

  std::string_view name() const override { return "Redis"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::RedisMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  // Clients assign replies to commands only by their order, so a misplaced reply must not pass as
  // bytes.
  bool must_end(Direction direction) const override {
    return direction == Direction::kDownstream ? !pairing_.in_order() : pairing_.is_behind();
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  class Reader final : public MessageReader {
   public:
    Reader(RedisCodec& codec, Direction direction)
        : codec_(codec),
          direction_(direction),
          scan_(direction == Direction::kUpstream ? codecs::RedisScan::Of::kClient
                                                  : codecs::RedisScan::Of::kServer) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }
    void ask(Wanted& wanted) override { wanted_ = &wanted; }

   private:
    std::string_view begin(bool keep, char first);
    bool may_rewrite(char first) const;
    // `wire` is the whole message, or empty if it came in pieces that were not kept.
    void finish(Step& step, ByteView wire);
    void finish_command(Step& step, ByteView wire);
    void finish_reply(Step& step, ByteView wire);
    void end(Step& step, ByteView wire);
    rules::RedisMessage& head();
    bool wants();
    bool rewrite(ByteView& wire);

    RedisCodec& codec_;
    Direction direction_;
    codecs::RedisScan scan_;
    Bytes wire_;  // bytes of a kept message that arrived in pieces
    Wanted* wanted_ = nullptr;
    std::shared_ptr<rules::RedisMessage> head_;  // reused unless a rule still holds it
    std::string_view broken_ = {};               // why nothing more can be read
    bool within_ = false;                        // a message has begun
    bool in_pieces_ = false;                     // a part of the message was read before
    bool keep_ = false;
    bool asks_ = false;      // ask wanted_ once the message is complete
    bool rewrites_ = false;  // the reply may name servers
  };

  rules::AddressMap rewrite_;
  RedisPairing pairing_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
