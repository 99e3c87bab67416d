// RedisPairing: pairs the replies of a Redis connection with its commands, and keeps the order in
// which the client receives replies.
//
// Redis has no correlation ids: a server answers in the order in which it received the commands,
// and a client assigns replies to its commands in the order in which it sent them. Rules may drop,
// copy, delay or answer commands and replies in between. Therefore each command is numbered as the
// client sends it, and its reply has the same number. A reply waits until all earlier replies are
// delivered. After a lost reply the client receives nothing more, as on a stalled connection.
//
// Messages of pub/sub, MONITOR and RESP3 pushes answer no command and pass at once.
//
// Memory is bounded. Facts about open commands take at most kMostFacts bytes; beyond that, pairing
// is given up. Waiting replies take at most kMostHeld bytes; beyond that, they are lost.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis.h"

namespace brownout::messages {

using RedisCommandRef = std::shared_ptr<const rules::RedisCommand>;

class RedisPairing {
 public:
  static constexpr std::size_t kMostFacts = 32 << 20;
  static constexpr std::size_t kMostHeld = 16 << 20;
  static constexpr std::size_t kMostGaps = 100'000;  // commands received out of order

  // Assigns its number and its database to a command that the client sent.
  RedisCommandRef sent(rules::RedisCommand command);
  // The same, and asked(), for a command that no rule examines: it takes no memory of its own.
  // False, and nothing is done, if the command has effects beyond its reply: call sent() instead.
  bool sent_unexamined(const rules::RedisCommandRow& row);
  // The command was sent to the server. A second call with the same command is a copy, whose reply
  // the client must not see.
  void asked(const RedisCommandRef& command);

  // Facts about a reply of the server.
  struct Answer {
    // Null if the reply answers no command or an unknown one, or is not examined.
    RedisCommandRef command = {};
    std::uint64_t ordinal = 0;  // of the command; 0 if there is none
    bool push = false;
    bool last = true;     // the last reply to the command
    bool copied = false;  // answers a copy: the client must not see it
    std::optional<std::string> channel = {};
    std::optional<std::int64_t> database = {};
  };
  // `examined`: a rule may act on the reply, so it needs its command.
  Answer answered(std::span<const codecs::RedisPart> parts, bool examined = true);
  bool given_up() const { return given_up_; }
  // The name of the oldest command without a reply, or "".
  std::string_view front_name() const {
    return asked_.empty() ? std::string_view() : asked_.front().name();
  }
  // Whether the client has subscriptions, so that pub/sub messages may arrive.
  bool takes_messages() const { return subscriptions_ > 0 || shard_subscriptions_ > 0; }
  // Whether the server's next bytes are a replication stream instead of replies.
  bool replicates() const;

  // Returns the bytes to send to the client in place of this answer: `bytes`, if all earlier
  // replies are delivered, and then the waiting replies that follow. Otherwise `bytes` waits.
  codecs::Bytes release(const Answer& answer, codecs::Bytes bytes, bool made_by_rule);
  // The answer was passed to the client unchanged.
  void passed(const Answer& answer);
  // Takes the waiting replies that have no earlier reply left to wait for.
  codecs::Bytes ready();
  bool has_ready() const;
  // Whether replies may pass to the client as they arrive.
  bool in_order() const;
  // Whether the next reply has to wait for an earlier one, or must be dropped.
  bool is_behind() const;

  // If a rule has answered a command of a transaction, or EXEC itself, the server must not run that
  // transaction (redis.io, Transactions). While spoiled(), call discards() for each command. The
  // result is whether to send DISCARD to the server before the command, or instead of it.
  bool spoiled() const { return spoiled_ || leaves_; }
  struct Discard {
    bool ahead = false;
    bool instead = false;
  };
  Discard discards(const RedisCommandRef& command);

 private:
  // A set of numbers that arrive in nearly ascending order.
  class Numbers {
   public:
    bool add(std::uint64_t number);  // false if the set already has the number
    std::size_t gaps() const { return beyond_.size(); }

   private:
    std::uint64_t next_ = 1;  // the set has all smaller numbers
    std::set<std::uint64_t> beyond_;
  };
  struct Asked {
    RedisCommandRef command = {};  // null: no rule examined the command
    const rules::RedisCommandRow* row = nullptr;
    std::uint64_t ordinal = 0;
    std::int64_t database = 0;
    bool copied = false;
    std::size_t confirmed = 0;  // confirmations of (un)subscriptions so far

    std::string_view name() const { return command ? std::string_view(command->name) : row->name; }
    // Whether the command ends all subscriptions of a kind.
    bool ends_all() const;
    std::size_t memory() const { return sizeof *this + (command ? command->memory() : 0); }
  };
  struct Held {
    codecs::Bytes bytes;
    bool whole = false;
  };

  bool expects_reply(const rules::RedisCommand& command);
  void follow(rules::RedisCommand& command);
  void push(Asked asked);
  void answered_by_rule(const rules::RedisCommand& command);
  void settle_database();
  void give_up();
  Asked pop();
  void skip_confirmed(std::string_view kind);
  void skip_unconfirmed(char sign);
  Answer confirmed(std::string_view kind, std::span<const codecs::RedisPart> parts);
  void learn(const Asked& asked, const codecs::RedisPart& value);
  void hold(std::uint64_t number, const codecs::Bytes& bytes, bool last);

  // State in the order in which the client sends.
  std::uint64_t last_sent_ = 0;
  bool replies_off_ = false;  // CLIENT REPLY
  bool skips_next_ = false;
  bool transaction_ = false;
  bool spoiled_ = false;            // EXEC must not reach the server
  bool leaves_ = false;             // the server must get a DISCARD
  std::int64_t next_database_ = 0;  // database if all sent commands succeed
  std::size_t selects_ = 0;         // SELECT and RESET without an answer

  // State in the order in which the server receives.
  std::deque<Asked> asked_;
  std::size_t facts_ = 0;   // memory of asked_, in bytes
  std::size_t copies_ = 0;  // copies in asked_
  Numbers numbers_;
  std::int64_t database_ = 0;
  std::optional<std::int64_t> queued_database_;  // database after EXEC
  bool resp3_ = false;
  bool monitors_ = false;
  std::int64_t subscriptions_ = 0;
  std::int64_t shard_subscriptions_ = 0;

  // State in the order in which the client receives.
  std::uint64_t next_ = 1;  // the number of the answer that the client expects next
  std::map<std::uint64_t, Held> held_;
  std::size_t held_bytes_ = 0;
  bool stuck_ = false;     // a reply was lost: no later reply is delivered
  bool given_up_ = false;  // pairing has ended
};

}  // namespace brownout::messages
