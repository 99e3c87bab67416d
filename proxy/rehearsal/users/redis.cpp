// Synthetic users of the kind redis. Each attempt writes a value, reads it again, and publishes
// three numbered messages to the user itself. An attempt succeeds when the user's own key has
// exactly the acknowledged value, and all messages have come back on the user's own channel. A
// second connection subscribes to the channel, as in clients that use RESP2.
//
// Pub/sub delivers at most once (redis.io, Redis Pub/Sub), so lost messages are not published
// again. A value older than the last acknowledged one was read from a replica that lags behind, or
// lost in a failover. Redirections of a cluster (MOVED) are not followed.
#include <poll.h>

#include <array>
#include <chrono>
#include <deque>
#include <initializer_list>
#include <random>
#include <vector>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/numbered.h"
#include "proxy/rehearsal/user_link.h"
#include "rules/base/whole_number.h"
#include "rules/protocols/redis/codec/redis_scan.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::rehearsal {
namespace {

using codecs::RedisPart;

std::string redis_command(std::initializer_list<std::string_view> words) {
  auto command = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto word : words) {
    command.append("$").append(std::to_string(word.size())).append("\r\n");
    command.append(word).append("\r\n");
  }
  return command;
}

// Whether one of the sockets has data before the deadline. Checks the deadline first, so that a
// server that never stops sending cannot delay its user.
bool has_redis_news(std::span<pollfd> links, Instant deadline) {
  return proxy::monotonic_now() < deadline && !given_up() && wait_unless_given_up(links, deadline);
}

bool is_redis_error(const RedisPart& part) { return part.sign == '-' || part.sign == '!'; }

// One connection to a Redis server, and the values that the server has sent on it.
class RedisLink {
 public:
  using Value = std::vector<RedisPart>;

  std::string connect(const Endpoint& to, const ClientSettings& settings,
                      const tls::ClientContext* context, const std::string& host,
                      Instant deadline) {
    scan_ = codecs::RedisScan(codecs::RedisScan::Of::kServer);
    values_.clear();
    if (auto why = link_.connect(to, settings.local, deadline); !why.empty()) return why;
    if (context != nullptr) {
      if (auto why = link_.shake_hands(*context, host, deadline); !why.empty()) return why;
    }
    return authenticate(*settings.probe, settings.password, deadline);
  }
  void close() { link_.close(); }
  bool is_open() const { return link_.is_open(); }
  pollfd readable() const { return {link_.fd(), POLLIN, 0}; }

  std::string send(std::string_view words, Instant deadline) { return link_.send(words, deadline); }

  // Reads the bytes that have arrived. Returns the error; "" after success.
  std::string read() {
    std::array<std::byte, 16384> buffer{};
    const auto count = link_.receive(buffer);
    if (!count) return count.error();
    auto bytes = codecs::ByteView(buffer).first(*count);
    while (!bytes.empty()) {
      const auto step = scan_.next(bytes);
      if (!step.broken.empty())
        return "the server's data is not Redis: " + std::string(step.broken);
      bytes = bytes.subspan(step.taken);
      const auto parts = scan_.parts();
      if (step.ended) values_.emplace_back(parts.begin(), parts.end());
    }
    return {};
  }
  // Removes and returns the oldest value that the server has sent.
  std::optional<Value> next() {
    if (values_.empty()) return std::nullopt;
    auto value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

  // Sends a command and returns the first part of its answer. Returns an error if no answer comes,
  // or if the answer is an error.
  Outcome<RedisPart> ask(std::initializer_list<std::string_view> words, Instant deadline) {
    const std::string name(*words.begin());
    const auto failed = [&](const std::string& why) { return tl::unexpected(name + ": " + why); };
    // Fails if a value has arrived before the command is sent. This value would be taken for the
    // answer to the command, and each later answer for the answer to the next command.
    if (auto why = read(); !why.empty()) return failed(why);
    if (!values_.empty()) return failed("a reply arrived before the command was sent");
    if (auto why = send(redis_command(words), deadline); !why.empty()) return failed(why);
    while (values_.empty()) {
      auto readable = this->readable();
      if (!has_redis_news({&readable, 1}, deadline)) return failed("no reply");
      if (auto why = read(); !why.empty()) return failed(why);
    }
    auto answer = next()->front();
    if (is_redis_error(answer)) return failed("error from the server: " + answer.text);
    return answer;
  }

 private:
  std::string authenticate(const rules::Probe& probe, const std::string& password,
                           Instant deadline) {
    if (probe.user_name.empty() && password.empty()) return {};
    const auto answer = probe.user_name.empty()
                            ? ask({"AUTH", password}, deadline)
                            : ask({"AUTH", probe.user_name, password}, deadline);
    return answer ? "" : answer.error();
  }

  UserLink link_;
  codecs::RedisScan scan_{codecs::RedisScan::Of::kServer};
  std::deque<Value> values_;
};

class RedisClient final : public ProbeClient {
 public:
  explicit RedisClient(const ClientSettings& settings) : settings_(settings) {
    const auto& protocol = rules::RedisMessage::protocol();
    const auto& options = settings.probe->options;
    const auto* prefix = options.of<std::string>(protocol, "key_prefix");
    const auto* database = options.of<std::int64_t>(protocol, "database");
    const auto* publishes = options.of<bool>(protocol, "pubsub");
    if (database != nullptr) database_ = *database;
    if (publishes != nullptr) publishes_ = *publishes;
    // Makes the name unique, since another rehearsal may use the same server.
    name_ = (prefix != nullptr ? *prefix : std::string(rules::kUsersKeyPrefix)) + ":" +
            std::to_string(std::random_device{}()) + "-" + std::to_string(settings.user);
    auto context = tls_of(*settings.probe);
    if (context) {
      context_ = std::move(*context);
    } else {
      problem_ = context.error();
    }
  }

  void drop() override {
    commands_.close();
    messages_.close();
  }

  Attempt attempt(const Target& target, Instant deadline) override {
    Attempt done;
    done.why = talk(target, deadline, done);
    if (!done.ok()) drop();
    return done;
  }

 private:
  std::string talk(const Target& target, Instant deadline, Attempt& done) {
    if (!commands_.is_open()) {
      if (auto why = connect(target, deadline, done); !why.empty()) return why;
    }
    auto why = write_and_read(deadline);
    if (!why.empty() || !publishes_) return why;
    return publish(deadline, done);
  }

  // Opens the two connections of the user to the same address: a host name may have several
  // addresses, which may belong to different servers. Returns the error; "" after success.
  std::string connect(const Target& target, Instant deadline, Attempt& done) {
    done.connects = 1;
    if (!problem_.empty()) return problem_;
    const auto address = address_of(settings_, target, deadline);
    if (!address) return address.error();
    const auto open = [&](RedisLink& link) {
      return link.connect(*address, settings_, context_.get(), target.address.host, deadline);
    };
    if (auto why = open(commands_); !why.empty()) return why;
    // Leaves SELECT out for database 0: a cluster has only this database, and may not know the
    // command.
    if (database_ != 0) {
      const auto selected = commands_.ask({"SELECT", std::to_string(database_)}, deadline);
      if (!selected) return selected.error();
    }
    if (!publishes_) return {};
    ++done.connects;
    if (auto why = open(messages_); !why.empty()) return why;
    const auto subscribed = messages_.ask({"SUBSCRIBE", name_}, deadline);
    if (!subscribed) return subscribed.error();
    const bool confirmed = subscribed->sign == '*' && subscribed->size == 3;
    return confirmed ? "" : "SUBSCRIBE: the server did not confirm it";
  }

  std::string write_and_read(Instant deadline) {
    const auto number = ++value_;
    const auto written = std::to_string(number);
    const auto set =
        commands_.ask({"SET", name_, written, "EX", std::to_string(expiry())}, deadline);
    if (!set) return set.error();
    if (set->sign != '+' || set->text != "OK") return "SET: the reply is not OK";
    const auto got = commands_.ask({"GET", name_}, deadline);
    if (!got) return got.error();
    if (got->null) return "GET: the key that was just written is missing";
    if (got->sign == '$' && got->text == written) return {};
    const auto older = rules::parse_whole_number(got->text, number);
    if (got->sign == '$' && older && *older > 0)
      return "GET: a stale value, " + got->text + ", not " + written;
    return "GET: the value differs from the one written: " + got->text;
  }
  // Returns the expiry time of the key, which is longer than the longest attempt.
  std::int64_t expiry() const {
    const auto most = settings_.probe->timeout + std::chrono::minutes(1);
    return std::chrono::ceil<std::chrono::seconds>(most).count();
  }

  std::string publish(Instant deadline, Attempt& done) {
    const auto before = numbers_.last();
    std::string words;
    for (int i = 0; i < kMessages; ++i)
      words += redis_command({"PUBLISH", name_, std::to_string(numbers_.send(done))});
    if (auto why = commands_.send(words, deadline); !why.empty()) return "PUBLISH: " + why;
    int answers = 0;
    std::size_t refused = 0;
    std::string refusal;
    while (true) {
      if (auto why = read_both(done); !why.empty()) return why;
      while (const auto answer = commands_.next()) {
        if (++answers > kMessages)
          return "PUBLISH: the server sent more replies than there were commands";
        if (is_redis_error(answer->front())) {
          ++refused;
          refusal = "PUBLISH: error from the server: " + answer->front().text;
        } else if (answer->front().sign != ':') {
          return "PUBLISH: the reply is not a number";
        }
      }
      // If some messages were refused, waits only for the others.
      if (answers == kMessages && numbers_.left(before) <= refused) break;
      std::array waiting{commands_.readable(), messages_.readable()};
      if (!has_redis_news(waiting, deadline)) break;
    }
    if (!refusal.empty()) return refusal;
    if (numbers_.left(before) > 0) return numbers_.missing(before);
    return answers < kMessages ? "PUBLISH: no reply" : "";
  }

  std::string read_both(Attempt& done) {
    const auto why = messages_.read();
    while (const auto value = messages_.next()) {
      if (is_redis_error(value->front()))
        return "SUBSCRIBE: error from the server: " + value->front().text;
      hear_message(*value, done);
    }
    if (!why.empty()) return "SUBSCRIBE: " + why;
    return commands_.read();
  }
  // Counts a message that was published on the channel. Ignores other values, such as the number of
  // subscriptions.
  void hear_message(const RedisLink::Value& value, Attempt& done) {
    if (value.size() != 4 || value[1].text != "message") return;
    const auto number = rules::parse_whole_number(value[3].text, numbers_.last());
    if (number) numbers_.came(*number, done);
  }

  const ClientSettings settings_;
  std::string name_;  // name of the user's key and of its channel
  std::int64_t database_ = 0;
  bool publishes_ = true;
  std::shared_ptr<tls::ClientContext> context_;
  std::string problem_;
  RedisLink commands_;
  RedisLink messages_;
  std::uint64_t value_ = 0;  // the last value that the user wrote
  NumberedMessages numbers_;
};

}  // namespace

extern const UserRow kRedisUser{"redis", make_client<RedisClient>};

}  // namespace brownout::rehearsal
