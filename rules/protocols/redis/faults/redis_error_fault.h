// RedisErrorFault answers Redis commands with an error in place of the server, for the faults
// redis_readonly, redis_loading and the like. RedisErrorStage is its stage.
//
// The server never sees the command. The error takes the place of its reply, after the replies to
// earlier commands. For thread and ownership see stage.h. The functions at the end of this file are
// helpers for these faults: flags of commands, and the errors and addresses of redirections.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "rules/engine/fault.h"
#include "rules/protocols/redis/redis_commands.h"
#include "rules/protocols/redis/redis_message.h"

namespace brownout::rules {

// `ErrorFor` is a callable std::optional<std::string>(const RedisCommand&). It returns the error
// for a command, or no value if the simulated server would run the command.
template <class ErrorFor>
class RedisErrorStage final : public Stage {
 public:
  explicit RedisErrorStage(ErrorFor error_for) : error_for_(std::move(error_for)) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* request = redis_request_of(chunk);
    auto error = request != nullptr ? error_for_(*request->command) : std::nullopt;
    if (!error) return out.emit(std::move(chunk), now);
    out.note(
        {.action = "answer", .bytes = static_cast<std::int64_t>(chunk.size()), .ordinal = count_++},
        now);
    out.reply(redis_error(*request, std::move(*error)), now);
  }

 private:
  ErrorFor error_for_;
  std::uint64_t count_ = 0;
};

template <class ErrorFor>
std::unique_ptr<Stage> redis_error_stage(const StageContext& context, ErrorFor error_for) {
  if (context.direction != Direction::kUpstream) return nullptr;
  return std::make_unique<RedisErrorStage<ErrorFor>>(std::move(error_for));
}

// A fault without settings; `ErrorFor` is default-constructed.
template <class ErrorFor>
class RedisErrorFault final : public Fault {
 public:
  using Settings = NoSettings;
  explicit RedisErrorFault(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return redis_error_stage(context, ErrorFor{});
  }
};

// Returns the description of a fault that answers with an error, for the loader of rule files and
// the reference page.
inline FaultKind redis_error_kind(std::string_view name, std::string_view summary,
                                  std::string_view correct_client, std::string_view source) {
  return {.name = name,
          .level = Level::kBytes,
          .carriers = kMessages,
          .per_chunk = true,
          .protocols = [] { return ProtocolSet::of(RedisMessage::protocol()); },
          .summary = summary,
          .correct_client = correct_client,
          .unit = "command",
          .composition = "the first rule that answers a command decides",
          .source = source};
}

inline bool has_redis_flag(const RedisCommand& command, unsigned flag) {
  return command.row->has(flag);
}
// Returns the error MOVED or ASK (`kind`) with the slot of the command's first key. No value for
// commands without keys.
inline std::optional<std::string> redis_redirection(const RedisCommand& command,
                                                    std::string_view kind,
                                                    const std::string& address) {
  if (command.keys.empty()) return std::nullopt;
  return std::string(kind) + " " + std::to_string(redis_slot(command.keys.front())) + " " + address;
}

// Returns host and port without brackets around IPv6, since Redis clients split at the last colon.
inline std::string redis_address(const Endpoint& address) {
  return address.host + ":" + std::to_string(address.port);
}
inline void check_redis_address(const Endpoint& address, Position where, Diagnostics& problems) {
  if (!address.is_unix() && address.port > 0) return;
  problems.add(where, "a client cannot be redirected to this address",
               "give a host and a port, e.g. \"127.0.0.1:7001\"");
}

}  // namespace brownout::rules
