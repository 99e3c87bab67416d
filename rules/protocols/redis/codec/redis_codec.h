// RedisCodec reads and writes the messages of one Redis connection for the faults of rules:
// commands from the client, replies and published messages from the server.
//
// A message that a rule may act on is buffered; more than kMostMessage bytes are then a protocol
// violation. A replication stream, which follows SYNC or PSYNC, is not parsed. Server addresses in
// replies are replaced before rules see them. The connection's MessageTunnel owns the codec. No
// I/O; one thread.
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
  // `rewrite` says which server addresses to replace by which others.
  explicit RedisCodec(rules::AddressMap rewrite = {}) : rewrite_(std::move(rewrite)) {}

  std::string_view name() const override { return "Redis"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::RedisMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  // Whether the connection must be closed when its messages can no longer be parsed. Clients assign
  // replies to commands only by their order, so raw bytes must not pass ahead of a missing reply.
  bool must_end(Direction direction) const override {
    return direction == Direction::kDownstream ? !pairing_.in_order() : pairing_.is_behind();
  }
  void set_rewrite(const rules::AddressMap& map) override { rewrite_ = map; }
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
    std::size_t skim(ByteView bytes);
    bool may_rewrite(char first) const;
    // Handles a complete message. `wire` is the whole message; empty if its bytes arrived in
    // several pieces and were not buffered.
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
    Bytes wire_;  // bytes of a buffered message that arrived in pieces
    Wanted* wanted_ = nullptr;
    // Message object; reused unless a rule still holds it.
    std::shared_ptr<rules::RedisMessage> head_;
    std::string_view broken_ = {};  // why no further bytes can be parsed
    bool within_ = false;           // whether a message has begun
    bool in_pieces_ = false;        // whether a part of the message came in an earlier read
    bool keep_ = false;
    bool asks_ = false;      // whether to ask `wanted_` when the message is complete
    bool rewrites_ = false;  // whether the reply may contain addresses of servers
  };

  rules::AddressMap rewrite_;
  RedisPairing pairing_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
