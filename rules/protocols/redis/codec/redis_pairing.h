// Which reply answers which command of a connection, and in which order the client gets them.
//
// A server answers in the order in which it got the commands; a client takes what comes for the
// answers to its commands in the order in which it sent them. Rules may lose, double, hold back or
// answer commands and replies between the two. So commands are numbered as the client sent them,
// replies have the number of what they answer, and none goes to the client ahead of those that it
// waits for: behind one that was lost it gets nothing any more, as on a stream that stands still.
//
// What pub/sub, MONITOR and RESP3 say by themselves is no answer, and passes. What is known of
// commands that wait takes at most kMostFacts of memory; behind more, nothing is paired any more.
// Of answers that wait for others, kMostHeld bytes are kept; what is more is lost as the first one
// was.
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
  static constexpr std::size_t kMostGaps = 100'000;  // numbers that the server has not seen

  // A command, as the client sends it, gets its number and its database.
  RedisCommandRef sent(rules::RedisCommand command);
  // It went to the server; a second time is a copy, whose answer nobody waits for.
  void asked(const RedisCommandRef& command);

  // Of a reply that the server sent.
  struct Answer {
    RedisCommandRef command = {};  // null: it answers none, or it is not known which
    bool push = false;
    bool last = true;     // of the replies to the command
    bool copied = false;  // to a copy of it: the client must not see it
    std::optional<std::string> channel = {};
    std::optional<std::int64_t> database = {};
  };
  Answer answered(std::span<const codecs::RedisPart> parts);
  bool given_up() const { return given_up_; }
  // The command that the server is to answer next, or null.
  const rules::RedisCommand* front() const {
    return asked_.empty() ? nullptr : asked_.front().command.get();
  }
  // The client has subscriptions, so that messages may come.
  bool takes_messages() const { return subscriptions_ > 0 || shard_subscriptions_ > 0; }
  // What follows are no replies: a stream of a replica.
  bool replicates() const;

  // What goes to the client where this answer would, with what waited for it.
  codecs::Bytes release(const Answer& answer, codecs::Bytes bytes, bool made_by_rule);
  // The answer has passed by itself.
  void passed(const Answer& answer);
  // What waits for nothing any more.
  codecs::Bytes ready();
  bool has_ready() const;
  // Answers may pass as they come.
  bool in_order() const;
  // The next answer that comes has to wait for another.
  bool is_behind() const;

  // A transaction that a rule has answered a command of, or EXEC itself, must not be run
  // (redis.io, Transactions): what goes to the server ahead of a command, or instead of it, so that
  // it is not. To be asked of each command on its way while spoiled().
  bool spoiled() const { return spoiled_ || leaves_; }
  struct Discard {
    bool ahead = false;
    bool instead = false;
  };
  Discard discards(const RedisCommandRef& command);

 private:
  // Numbers that were seen, in nearly the order in which they come.
  class Numbers {
   public:
    bool add(std::uint64_t number);  // false: it was there
    std::size_t gaps() const { return beyond_.size(); }

   private:
    std::uint64_t next_ = 1;  // all below it were seen
    std::set<std::uint64_t> beyond_;
  };
  struct Asked {
    RedisCommandRef command;
    bool copied = false;
    std::size_t confirmed = 0;  // of the subscriptions that it asks for or ends
  };
  struct Held {
    codecs::Bytes bytes;
    bool whole = false;
  };

  bool expects_reply(const rules::RedisCommand& command);
  void follow(rules::RedisCommand& command);
  void push(const RedisCommandRef& command, bool copied);
  void answered_by_rule(const rules::RedisCommand& command);
  void settle_database();
  void give_up();
  RedisCommandRef pop();
  void skip_confirmed(std::string_view kind);
  void skip_unconfirmed(char sign);
  Answer confirmed(std::string_view kind, std::span<const codecs::RedisPart> parts);
  void learn(const Asked& asked, const codecs::RedisPart& value);
  void hold(std::uint64_t number, const codecs::Bytes& bytes, bool last);

  // As the client sent them.
  std::uint64_t last_sent_ = 0;
  bool replies_off_ = false;  // CLIENT REPLY
  bool skips_next_ = false;
  bool transaction_ = false;
  bool spoiled_ = false;            // EXEC must not be run
  bool leaves_ = false;             // the server must leave the transaction
  std::int64_t next_database_ = 0;  // if what was sent succeeds
  std::size_t selects_ = 0;         // SELECT and RESET that were not answered

  // As the server got them.
  std::deque<Asked> asked_;
  std::size_t facts_ = 0;   // bytes of memory in them
  std::size_t copies_ = 0;  // among them
  Numbers numbers_;
  std::int64_t database_ = 0;
  std::optional<std::int64_t> queued_database_;  // by EXEC
  bool resp3_ = false;
  bool monitors_ = false;
  std::int64_t subscriptions_ = 0;
  std::int64_t shard_subscriptions_ = 0;

  // As the client gets them.
  std::uint64_t next_ = 1;  // the number of the answer that it waits for
  std::map<std::uint64_t, Held> held_;
  std::size_t held_bytes_ = 0;
  bool stuck_ = false;     // too much was held, and forgotten
  bool given_up_ = false;  // nothing is paired any more
};

}  // namespace brownout::messages
