// Messages of a connection of Redis: a command each way up, a reply or a push each way down. One of
// more than kMostMessage is no message any more where it would have to be kept; what follows SYNC
// or PSYNC is a stream of a replica. Replies that name servers are rewritten before rules see them.
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
  // Replies are told apart by their order alone.
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
    // `wire` is the whole message, or empty where it came in pieces that were not kept.
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
    Bytes wire_;                    // of the message that is kept and came in pieces
    Wanted* wanted_ = nullptr;
    std::shared_ptr<rules::RedisMessage> head_;  // used again where nobody has kept it
    std::string_view broken_ = {};  // nothing is read any more
    bool within_ = false;           // a message has begun
    bool in_pieces_ = false;        // and a part of it has come
    bool keep_ = false;
    bool asks_ = false;      // whether to keep it, once it is there
    bool rewrites_ = false;  // the reply may name servers
  };

  rules::AddressMap rewrite_;
  RedisPairing pairing_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
