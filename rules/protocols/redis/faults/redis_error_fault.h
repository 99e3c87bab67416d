// What the faults share in which a server, asked for something, answers with an error and does
// nothing: redis_readonly, redis_loading and the like. The server never sees the command; the error
// comes where its reply would, behind those of the commands ahead of it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "rules/engine/fault.h"
#include "rules/protocols/redis/redis_commands.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::rules {

// `Says` has std::optional<std::string> operator()(const RedisCommand&): the error, or none where
// such a server does what it is asked.
template <class Says>
class RedisErrorStage final : public Stage {
 public:
  explicit RedisErrorStage(Says says) : says_(std::move(says)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* request = redis_request_of(chunk);
    auto error = request != nullptr ? says_(*request->command) : std::nullopt;
    if (!error) return out.emit(std::move(chunk), now);
    out.note(
        {.action = "answer", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    out.reply(redis_error(*request, std::move(*error)), now);
  }

 private:
  Says says_;
  std::uint64_t count_ = 0;
};

template <class Says>
std::unique_ptr<Stage> redis_error_stage(const StageContext& context, Says says) {
  if (context.direction != Direction::kUpstream) return nullptr;
  return std::make_unique<RedisErrorStage<Says>>(std::move(says));
}

// One without keys, of which Says knows all.
template <class Says>
class RedisErrorFault final : public Fault {
 public:
  using Settings = NoSettings;
  explicit RedisErrorFault(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return redis_error_stage(context, Says{});
  }
};

// What is the same of all of them.
inline FaultKind redis_error_kind(std::string_view name, std::string_view summary,
                                  std::string_view source) {
  return {.name = name,
          .level = Level::kBytes,
          .carriers = kMessages,
          .per_chunk = true,
          .protocols = [] { return ProtocolSet::of(RedisMessage::protocol()); },
          .summary = summary,
          .magnitude = "command",
          .composition = "the first rule that answers a command decides",
          .source = source};
}

inline bool has_redis_flag(const RedisCommand& command, unsigned flag) {
  return command.row->has(flag);
}
// A command that sends its client elsewhere, or says that nobody serves it, is about keys.
inline std::optional<std::string> redis_redirection(const RedisCommand& command,
                                                    std::string_view kind,
                                                    const std::string& address) {
  if (command.keys.empty()) return std::nullopt;
  return std::string(kind) + " " + std::to_string(redis_slot(command.keys.front())) + " " + address;
}

// Without the brackets that others have around IPv6: clients look for the last colon.
inline std::string redis_address(const Endpoint& address) {
  return address.host + ":" + std::to_string(address.port);
}
inline void check_redis_address(const Endpoint& address, Position where, Diagnostics& problems) {
  if (!address.is_unix() && address.port > 0) return;
  problems.add(where, "a client cannot be sent there",
               "give a host and a port, e.g. \"127.0.0.1:7001\"");
}

}  // namespace brownout::rules
