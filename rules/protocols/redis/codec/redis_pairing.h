// RedisPairing pairs the replies on one Redis connection with the commands that they answer. It
// delivers replies to the client in the order of the commands, even if rules drop, delay or create
// replies. Owned by a RedisCodec or a RedisWatch; one thread.
//
// Redis has no correlation ids: a server answers in the order in which it received the commands,
// and a client assigns replies to its commands in the order in which it sent them. Rules may drop,
// copy, delay or answer commands and replies in between. Therefore each command is numbered as the
// client sends it, and its reply has the same number. A reply waits until all earlier replies are
// delivered. After a lost reply the client receives nothing more, as on a stalled connection.
//
// Messages of pub/sub, MONITOR and RESP3 pushes answer no command and pass at once.
//
// Memory is bounded. Facts about open commands take at most kMostFacts bytes; beyond that, replies
// are no longer paired. Waiting replies take at most kMostHeld bytes; beyond that, they are lost.
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
#include "rules/protocols/redis/codec/redis_recent.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis.h"

namespace brownout::messages {

using RedisCommandRef = std::shared_ptr<const rules::RedisCommand>;

class RedisPairing {
 public:
  static constexpr std::size_t kMostFacts = 32 << 20;
  static constexpr std::size_t kMostHeld = 16 << 20;
  // Maximum number of commands that the server may receive out of order.
  static constexpr std::size_t kMostGaps = 100'000;

  // Returns a command object to fill in and to pass to sent(). It may be an earlier object that is
  // not referenced any more.
  std::shared_ptr<rules::RedisCommand> blank() { return recent_.blank(); }
  // Must be called for each command that the client sends. Returns the command with its number and
  // database.
  RedisCommandRef sent(std::shared_ptr<rules::RedisCommand> command);
  // Replaces the calls of sent() and asked() for a command that no rule examines, without
  // allocating memory. Returns false and does nothing if the command also changes the state of the
  // connection; call sent() instead.
  bool sent_unexamined(const rules::RedisCommandRow& row);
  // Must be called when the command is sent to the server. A second call with the same command is
  // for a copy, whose reply the client must not see.
  void asked(const RedisCommandRef& command);

  // A reply of the server, and the command that it answers.
  struct Answer {
    // Null if the reply answers no command or an unknown command, or if no rule examines the reply.
    RedisCommandRef command = {};
    std::uint64_t ordinal = 0;  // number of the command; 0 if there is none
    bool push = false;
    bool last = true;     // whether no further reply to the command follows
    bool copied = false;  // whether it answers a copy, so that the client must not see it
    std::optional<std::string> channel = {};
    std::optional<std::int64_t> database = {};
  };
  // Must be called for each reply of the server. `examined` means that a rule may act on the reply,
  // so that it needs its command.
  Answer answered(std::span<const codecs::RedisPart> parts, bool examined = true);
  // The same for a reply that no rule examines: a string, an error or an integer. It was forwarded
  // to the client, so that passed() must not be called. Returns false, and changes nothing, if the
  // reply may mean more than the end of the oldest command; then call answered().
  bool answered_unexamined();
  bool given_up() const { return given_up_; }
  // Returns the name of the oldest command without a reply, or "".
  std::string_view front_name() const {
    return asked_.empty() ? std::string_view() : asked_.front().name();
  }
  // Whether the client has subscriptions, so that pub/sub messages may arrive.
  bool takes_messages() const { return subscriptions_ > 0 || shard_subscriptions_ > 0; }
  // Whether the server's next bytes are a replication stream instead of replies.
  bool replicates() const;

  // Returns the bytes to send to the client now. If all earlier replies are delivered, these are
  // `bytes` and the waiting replies that follow. Otherwise `bytes` waits, and the result is empty.
  codecs::Bytes release(const Answer& answer, codecs::Bytes bytes, bool made_by_rule);
  // Must be called when a reply was forwarded to the client without release().
  void passed(const Answer& answer);
  // Removes and returns the waiting replies for which all earlier replies are delivered.
  codecs::Bytes ready();
  bool has_ready() const;
  // Whether replies may be forwarded to the client as they arrive.
  bool in_order() const;
  // Whether the next reply has to wait for an earlier one, or must be dropped.
  bool is_behind() const;

  // Whether a rule has answered a command of the current transaction, or EXEC itself. The server
  // must then not run the transaction (redis.io, Transactions). While true, call discards() for
  // each command: it says whether to send DISCARD to the server, before the command or instead of
  // it.
  bool spoiled() const { return spoiled_ || leaves_; }
  struct Discard {
    bool ahead = false;
    bool instead = false;
  };
  Discard discards(const RedisCommandRef& command);

 private:
  // A set of command numbers, which arrive in nearly ascending order.
  class Numbers {
   public:
    bool add(std::uint64_t number);  // returns false if the set already has the number
    std::size_t gaps() const { return beyond_.size(); }

   private:
    std::uint64_t next_ = 1;  // the set contains all smaller numbers
    std::set<std::uint64_t> beyond_;
  };
  struct Asked {
    RedisCommandRef command = {};  // null if no rule examined the command
    const rules::RedisCommandRow* row = nullptr;
    std::uint64_t ordinal = 0;
    std::int64_t database = 0;
    bool copied = false;
    std::size_t memory = 0;  // in bytes, with that of the command
    // For a command that subscribes or unsubscribes: number of confirmations so far.
    std::size_t confirmed = 0;

    std::string_view name() const { return command ? std::string_view(command->name) : row->name; }
    // Whether the command is an UNSUBSCRIBE without arguments, which ends all subscriptions.
    bool ends_all() const;
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

  RedisRecent recent_;

  // The state after all commands that the client has sent.
  std::uint64_t last_sent_ = 0;
  bool replies_off_ = false;  // whether the client sent CLIENT REPLY OFF
  bool skips_next_ = false;
  bool transaction_ = false;
  bool spoiled_ = false;            // whether EXEC must not reach the server
  bool leaves_ = false;             // whether the server must get a DISCARD
  std::int64_t next_database_ = 0;  // selected database if all sent commands succeed
  std::size_t selects_ = 0;         // number of SELECT and RESET commands without a reply

  // The state after all commands that the server has received; asked_ has those without a reply.
  std::deque<Asked> asked_;
  std::size_t facts_ = 0;   // memory that asked_ takes, in bytes
  std::size_t copies_ = 0;  // number of copied commands in asked_
  Numbers numbers_;
  std::int64_t database_ = 0;
  std::optional<std::int64_t> queued_database_;  // selected database after EXEC
  bool resp3_ = false;
  bool monitors_ = false;
  std::int64_t subscriptions_ = 0;
  std::int64_t shard_subscriptions_ = 0;

  // The state after all replies that the client has received.
  std::uint64_t next_ = 1;  // number of the command whose reply the client expects next
  std::map<std::uint64_t, Held> held_;
  std::size_t held_bytes_ = 0;
  bool stuck_ = false;     // whether a reply was lost, so that no later reply is delivered
  bool given_up_ = false;  // whether replies are no longer paired with commands
};

}  // namespace brownout::messages
