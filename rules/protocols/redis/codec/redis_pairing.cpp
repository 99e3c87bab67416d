#include "rules/protocols/redis/codec/redis_pairing.h"

#include <algorithm>
#include <utility>

#include "rules/base/whole_number.h"

namespace brownout::messages {
namespace {

using codecs::Bytes;
using codecs::RedisPart;
using rules::RedisCommand;

// Memory in bytes that a waiting reply takes in addition to its text.
constexpr std::size_t kRedisHeldOverhead = 128;

bool is_pubsub_confirmation(std::string_view kind) {
  return kind == "subscribe" || kind == "unsubscribe" || kind == "psubscribe" ||
         kind == "punsubscribe" || kind == "ssubscribe" || kind == "sunsubscribe";
}
bool is_pubsub_message(std::string_view kind) {
  return kind == "message" || kind == "pmessage" || kind == "smessage";
}
bool is_redis_error(char sign) { return sign == '-' || sign == '!'; }

// Whether the value is output of the command MONITOR: "1339518083.107412 [0 127.0.0.1:60866] "keys"
// "*"".
bool is_monitors(const RedisPart& value) {
  const auto& text = value.text;
  const auto blank = text.find_first_not_of("0123456789.");
  return value.sign == '+' && blank != 0 && blank != std::string::npos &&
         text.compare(blank, 2, " [") == 0;
}

// Returns the kind of a pub/sub message ("message", "subscribe" ...), which is its first element.
std::string_view pubsub_kind_of(std::span<const RedisPart> parts) {
  if (parts.size() < 2 || (parts[1].sign != '$' && parts[1].sign != '+')) return {};
  return parts[1].text;
}

void append_redis(Bytes& to, const Bytes& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

std::int64_t redis_number_in(std::string_view text) {
  return rules::parse_whole_number(text, std::int64_t{INT32_MAX}).value_or(0);
}

}  // namespace

bool RedisPairing::Numbers::add(std::uint64_t number) {
  if (number < next_ || beyond_.contains(number)) return false;
  if (number > next_) return beyond_.insert(number).second;
  ++next_;
  while (!beyond_.empty() && *beyond_.begin() == next_) {
    beyond_.erase(beyond_.begin());
    ++next_;
  }
  return true;
}

// Whether the command is an UNSUBSCRIBE without arguments, which ends all subscriptions. Only the
// server knows how many there are, and so how many confirmations it sends.
bool RedisPairing::Asked::ends_all() const {
  return command && command->arguments == 1 && command->name.ends_with("unsubscribe");
}

RedisCommandRef RedisPairing::sent(std::shared_ptr<RedisCommand> command) {
  const bool answered = expects_reply(*command);
  follow(*command);
  if (answered && !given_up_) command->ordinal = ++last_sent_;
  return command;
}

bool RedisPairing::sent_unexamined(const rules::RedisCommandRow& row) {
  constexpr unsigned kSpecial =
      rules::kRedisSteers | rules::kRedisBlocks | rules::kRedisHasSubcommands;
  if (row.name.empty() || row.has(kSpecial) || row.streams) return false;
  if (replies_off_ || skips_next_ || transaction_ || given_up_ || takes_messages()) return false;
  const auto ordinal = ++last_sent_;
  numbers_.add(ordinal);
  push({.row = &row, .ordinal = ordinal, .database = next_database_});
  return true;
}

// Whether the server replies to the command (redis.io, CLIENT REPLY). REPLCONF ACK and GETACK have
// no reply.
bool RedisPairing::expects_reply(const RedisCommand& command) {
  if (command.arguments == 0) return false;
  const bool skipped = std::exchange(skips_next_, false);
  if (!command.row->has(rules::kRedisSteers)) return !replies_off_ && !skipped;
  const auto& argument = command.argument;
  if (command.name == "client reply" && argument == "skip") {
    skips_next_ = !replies_off_;
    return false;
  }
  if (command.name == "client reply" && (argument == "on" || argument == "off")) {
    replies_off_ = argument == "off";
    return !replies_off_;
  }
  if (command.name == "reset") {
    replies_off_ = false;
    return true;
  }
  if (command.name == "replconf" && (argument == "ack" || argument == "getack")) return false;
  return !replies_off_ && !skipped;
}

void RedisPairing::follow(RedisCommand& command) {
  const auto& name = command.name;
  command.database = next_database_;
  command.subscribed = !resp3_ && takes_messages();
  command.queued = transaction_;
  if (!command.row->has(rules::kRedisSteers)) return;
  const bool ends = name == "exec" || name == "discard" || name == "reset" || name == "quit";
  command.queued = transaction_ && !ends && name != "multi" && name != "watch";
  if (ends) transaction_ = false;
  if (name == "discard" || name == "reset") spoiled_ = false;
  if (name == "multi") transaction_ = true;
  if (name != "select" && name != "reset") return;
  next_database_ = name == "select" ? redis_number_in(command.argument) : 0;
  ++selects_;
}

void RedisPairing::asked(const RedisCommandRef& command) {
  if (!command || command->ordinal == 0 || given_up_) return;
  push({.command = command,
        .row = command->row,
        .ordinal = command->ordinal,
        .database = command->database,
        .copied = !numbers_.add(command->ordinal)});
}

void RedisPairing::push(Asked asked) {
  asked.memory = sizeof asked + (asked.command ? asked.command->memory() : 0);
  facts_ += asked.memory;
  copies_ += asked.copied ? 1 : 0;
  asked_.push_back(std::move(asked));
  if (facts_ > kMostFacts || numbers_.gaps() > kMostGaps) give_up();
}

void RedisPairing::give_up() {
  given_up_ = true;
  // If a command or a reply is missing, the client would take the next reply for the missing one.
  // So no further reply is delivered.
  stuck_ |= numbers_.gaps() > 0 || (!held_.empty() && !has_ready());
  asked_.clear();
  facts_ = copies_ = 0;
}

RedisPairing::Asked RedisPairing::pop() {
  auto front = std::move(asked_.front());
  asked_.pop_front();
  facts_ -= front.memory;
  copies_ -= front.copied ? 1 : 0;
  return front;
}

bool RedisPairing::replicates() const {
  const auto name = front_name();
  return name == "psync" || name == "sync";
}

RedisPairing::Answer RedisPairing::answered(std::span<const RedisPart> parts, bool examined) {
  const auto& value = parts.front();
  const bool push = value.sign == '>';
  if (given_up_) return {.push = push};
  Answer answer{.push = push, .database = database_};
  const auto kind = pubsub_kind_of(parts);
  const bool array = value.sign == '*' && !resp3_;
  const bool asked_for = front_name().ends_with("subscribe");
  if ((push || (array && (takes_messages() || asked_for))) && is_pubsub_confirmation(kind)) {
    return confirmed(kind, parts);
  }
  if ((push || (array && takes_messages())) && is_pubsub_message(kind)) {
    const std::size_t at = kind == "pmessage" ? 3 : 2;
    answer.push = true;
    answer.database.reset();
    if (parts.size() > at) answer.channel = parts[at].text;
    return answer;
  }
  answer.push |= monitors_ && is_monitors(value);
  if (answer.push) {
    answer.database.reset();
    return answer;
  }
  skip_confirmed({});
  skip_unconfirmed(value.sign);
  if (asked_.empty()) return answer;
  learn(asked_.front(), value);
  auto asked = pop();
  answer.copied = asked.copied;
  answer.ordinal = asked.ordinal;
  answer.command = std::move(asked.command);
  // No rule was active when the command was sent, so only its name and its database are known.
  if (examined && !answer.command) {
    answer.command =
        std::make_shared<const RedisCommand>(RedisCommand{.name = std::string(asked.row->name),
                                                          .row = asked.row,
                                                          .arguments = 1,
                                                          .database = asked.database,
                                                          .ordinal = asked.ordinal});
  }
  return answer;
}

bool RedisPairing::answered_unexamined() {
  if (asked_.empty() || given_up_ || monitors_ || !held_.empty()) return false;
  const auto& front = asked_.front();
  if (front.command || front.copied || front.ordinal != next_) return false;
  facts_ -= front.memory;
  asked_.pop_front();
  ++next_;
  return true;
}

// Removes each UNSUBSCRIBE without arguments that has been confirmed at least once. The caller has
// a reply of another kind, which shows that no further confirmation follows.
void RedisPairing::skip_confirmed(std::string_view kind) {
  while (!asked_.empty() && asked_.front().confirmed > 0 && asked_.front().ends_all() &&
         asked_.front().name() != kind) {
    pop();
  }
}

// Removes each UNSUBSCRIBE without arguments that would wait in vain: its confirmation was counted
// for an earlier UNSUBSCRIBE.
void RedisPairing::skip_unconfirmed(char sign) {
  while (!asked_.empty() && asked_.front().ends_all() && !asked_.front().command->queued &&
         !is_redis_error(sign)) {
    passed({.ordinal = pop().ordinal});
  }
}

RedisPairing::Answer RedisPairing::confirmed(std::string_view kind,
                                             std::span<const RedisPart> parts) {
  Answer answer{.push = true};
  const bool shard = kind == "ssubscribe" || kind == "sunsubscribe";
  if (parts.size() > 2 && !parts[2].null) answer.channel = parts[2].text;
  if (parts.size() > 3)
    (shard ? shard_subscriptions_ : subscriptions_) = redis_number_in(parts[3].text);
  skip_confirmed(kind);
  if (front_name() != kind) return answer;
  auto& front = asked_.front();
  ++front.confirmed;
  answer.command = front.command;
  answer.ordinal = front.ordinal;
  answer.copied = front.copied;
  if (front.ends_all()) return answer;
  answer.last = front.confirmed + 1 == front.command->arguments;
  if (answer.last) pop();
  return answer;
}

void RedisPairing::learn(const Asked& asked, const RedisPart& value) {
  if (!asked.row->has(rules::kRedisSteers)) return;
  const auto& name = asked.command->name;
  const auto& argument = asked.command->argument;
  const bool queued = value.sign == '+' && value.text == "QUEUED";
  const bool failed = is_redis_error(value.sign) || value.null;
  if (name == "select" || name == "reset") {
    if (!asked.copied && selects_ > 0) --selects_;
    if (!failed) (queued ? queued_database_.emplace() : database_) = redis_number_in(argument);
  }
  if (name == "exec" || name == "discard") {
    if (queued_database_ && name == "exec" && !failed) database_ = *queued_database_;
    queued_database_.reset();
  }
  if (name == "monitor" && !failed && !queued) monitors_ = true;
  if (name == "hello" && !failed && !queued && !argument.empty()) resp3_ = argument == "3";
  if (name == "reset" && !failed) {
    database_ = 0;
    queued_database_.reset();
    resp3_ = monitors_ = false;
    subscriptions_ = shard_subscriptions_ = 0;
  }
  settle_database();
}

void RedisPairing::settle_database() {
  if (selects_ == 0 && !queued_database_) next_database_ = database_;
}

// Records that a rule has answered the command. Either the server never receives the command, or
// the server's own reply must be dropped.
void RedisPairing::answered_by_rule(const RedisCommand& command) {
  if (!numbers_.add(command.ordinal)) {
    const auto asked = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& earlier) {
      return !earlier.copied && earlier.ordinal == command.ordinal;
    });
    if (asked == asked_.end()) return;
    asked->copied = true;
    ++copies_;
    return;
  }
  if (command.queued) spoiled_ = true;
  if (command.name == "multi") transaction_ = false;
  if (command.name == "exec") {
    leaves_ = true;
    spoiled_ = false;
  }
  if ((command.name == "select" || command.name == "reset") && selects_ > 0) --selects_;
  settle_database();
}

RedisPairing::Discard RedisPairing::discards(const RedisCommandRef& command) {
  Discard discard;
  if (given_up_ || !command) return discard;
  const auto ask = [&] {
    auto sent = std::make_shared<const RedisCommand>(
        RedisCommand{.name = "discard",
                     .row = &rules::redis_command_row("discard"),
                     .arguments = 1,
                     .ordinal = command->ordinal});
    push({.command = sent, .row = sent->row, .ordinal = sent->ordinal, .copied = true});
  };
  discard.ahead = std::exchange(leaves_, false) && command->name != "discard";
  if (discard.ahead) ask();
  discard.instead = spoiled_ && command->name == "exec" && command->ordinal > 0;
  if (!discard.instead) return discard;
  constexpr std::string_view kAborted =
      "-EXECABORT Transaction discarded because of previous errors.\r\n";
  const auto bytes = codecs::bytes_of(kAborted);
  spoiled_ = false;
  numbers_.add(command->ordinal);
  ask();
  hold(command->ordinal, {bytes.begin(), bytes.end()}, true);
  return discard;
}

Bytes RedisPairing::release(const Answer& answer, Bytes bytes, bool made_by_rule) {
  const auto number = answer.ordinal;
  if (given_up_ && stuck_) return answer.push ? bytes : Bytes{};
  if (given_up_) {
    auto all = ready();
    append_redis(all, bytes);
    return all;
  }
  if (number == 0) return bytes;
  if (made_by_rule) answered_by_rule(*answer.command);
  if (number < next_) return made_by_rule ? Bytes{} : bytes;
  if (stuck_) return {};
  if (number > next_) {
    hold(number, bytes, answer.last);
    return {};
  }
  if (answer.last) ++next_;
  append_redis(bytes, ready());
  return bytes;
}

void RedisPairing::passed(const Answer& answer) {
  const auto number = answer.ordinal;
  if (number < next_ || !answer.last || given_up_) return;
  number == next_ ? void(++next_) : hold(number, {}, true);
}

void RedisPairing::hold(std::uint64_t number, const Bytes& bytes, bool last) {
  const auto [place, begun] = held_.try_emplace(number);
  auto& held = place->second;
  if (held.whole) return;
  append_redis(held.bytes, bytes);
  held.whole = last;
  held_bytes_ += bytes.size() + (begun ? kRedisHeldOverhead : 0);
  if (held_bytes_ <= kMostHeld) return;
  stuck_ = true;
  held_.clear();
  held_bytes_ = 0;
}

Bytes RedisPairing::ready() {
  Bytes all;
  while (has_ready()) {
    const auto held = held_.begin();
    append_redis(all, held->second.bytes);
    if (held->second.whole) ++next_;
    held_bytes_ -= held->second.bytes.size() + kRedisHeldOverhead;
    held_.erase(held);
  }
  return all;
}

bool RedisPairing::has_ready() const { return !held_.empty() && held_.begin()->first <= next_; }

bool RedisPairing::in_order() const {
  if (given_up_) return !stuck_ && held_.empty();
  // The server may have answered all commands that it received, while the client still expects a
  // reply to a command that the server did not receive.
  const bool waits = asked_.empty() && next_ <= last_sent_;
  return held_.empty() && copies_ == 0 && !waits && !is_behind();
}

bool RedisPairing::is_behind() const {
  return stuck_ || (!asked_.empty() && (asked_.front().ordinal > next_ || asked_.front().copied));
}

}  // namespace brownout::messages
