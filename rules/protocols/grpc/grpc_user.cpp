#include "rules/protocols/grpc/grpc_user.h"

#include <algorithm>

#include "rules/base/whole_number.h"
#include "rules/protocols/grpc/grpc_message.h"

namespace brownout::rules {
namespace {

using GrpcFields = std::vector<HeaderPattern>;

constexpr std::string_view kHealthPath = "/grpc.health.v1.Health/";
constexpr std::string_view kServing("\x08\x01", 2);  // field 1 (status) with the value 1
constexpr std::string_view kFieldExample = R"("order.id" = "4*")";

const Schema<GrpcRetryPolicy>& retry_schema() {
  static const Schema<GrpcRetryPolicy> schema{{
      field("max_attempts", &GrpcRetryPolicy::max_attempts,
            "number of attempts, including the first one",
            {.least = 2, .most = GrpcRetryPolicy::kMostAttempts, .required = true}),
      field("backoff", &GrpcRetryPolicy::backoff, "the longest pause before the second attempt",
            {.least = std::chrono::milliseconds(1)}),
      field("backoff_most", &GrpcRetryPolicy::backoff_most,
            "upper limit of the longest pause, at any attempt",
            {.least = std::chrono::milliseconds(1)}),
      field("multiplier", &GrpcRetryPolicy::multiplier,
            "factor by which the longest pause grows with each attempt",
            {.least = 1.0, .most = 100.0}),
      field("codes", &GrpcRetryPolicy::codes, "statuses after which the call is repeated",
            {.absent = "UNAVAILABLE"}),
  }};
  return schema;
}

const Schema<GrpcKeepalive>& keepalive_schema() {
  static const Schema<GrpcKeepalive> schema{{
      field("every", &GrpcKeepalive::every,
            "time without a received byte after which a PING is sent",
            {.least = std::chrono::milliseconds(1), .required = true}),
      field("timeout", &GrpcKeepalive::timeout, "longest time until the answer to the PING",
            {.least = std::chrono::milliseconds(1)}),
      field("without_calls", &GrpcKeepalive::without_calls,
            "true: PINGs are also sent while no call is open"),
  }};
  return schema;
}

// A key whose value is a table with its own schema.
template <class T>
OptionKey table_key(std::string name, std::string meaning, const Schema<T>& schema) {
  return {{name, "table", "", "none", std::move(meaning)},
          [name, &schema](const Node& node, Diagnostics& problems) {
            const auto before = problems.size();
            auto value = schema.read(node, name, problems);
            std::shared_ptr<const ProtocolOption> option;
            if (problems.size() == before) {
              option = std::make_shared<const OptionValue<T>>(std::move(value));
            }
            return option;
          }};
}

OptionKey fields_key() {
  return {{"field", "table of patterns", "", "none",
           "values that fields of each message of the response must have: { \"order.id\" = \"4*\" "
           "}; needs `descriptors`"},
          [](const Node& node, Diagnostics& problems) {
            const auto before = problems.size();
            auto wanted = read_header_patterns("field", kFieldExample, node, problems);
            std::shared_ptr<const ProtocolOption> option;
            if (problems.size() == before) {
              option = std::make_shared<const OptionValue<GrpcFields>>(std::move(wanted));
            }
            return option;
          }};
}

}  // namespace

GrpcUser GrpcUser::of(const ProtocolOptions& options) {
  GrpcUser user;
  const auto& protocol = GrpcMessage::protocol();
  const auto read = [&]<class T>(std::string_view key, T& value) {
    if (const auto* given = options.of<T>(protocol, key)) value = *given;
  };
  read("service", user.service);
  read("rpc", user.rpc);
  read("watch", user.watch);
  read("descriptors", user.types);
  read("request", user.request);
  read("field", user.fields);
  read("number_field", user.number);
  read("numbers_continue", user.numbers_continue);
  read("messages", user.messages);
  read("retry", user.retry);
  if (const auto* given = options.of<Duration>(protocol, "deadline")) user.deadline = *given;
  if (const auto* given = options.of<GrpcKeepalive>(protocol, "keepalive")) user.keepalive = *given;
  return user;
}

std::vector<OptionKey> GrpcUser::keys() {
  return {
      option_key<std::string>("service",
                              "the service that is called; without `rpc`, the service whose health "
                              "is checked (grpc.health.v1)",
                              "none"),
      option_key<std::string>("rpc",
                              "the method that is called: unary, or with a stream of messages as "
                              "its response; needs `descriptors`",
                              "none"),
      option_key<bool>("watch",
                       "true: checks the health by Watch, whose call stays open; an operation "
                       "succeeds if the call is open and its last answer was SERVING",
                       "false"),
      option_key<GrpcDescriptors>("descriptors",
                                  "the types of messages; a file of protoc --include_imports "
                                  "--descriptor_set_out=FILE",
                                  "none"),
      option_key<std::string>("request", "the request as JSON", "\"{}\""),
      fields_key(),
      option_key<std::string>("number_field",
                              "path of the field that numbers the messages of a stream, by which "
                              "lost, duplicated and reordered messages are counted",
                              "none"),
      option_key<bool>("numbers_continue",
                       "true: the numbers continue in the next call, as in a feed; false: each "
                       "call begins with 1",
                       "false"),
      option_key<std::int64_t>("messages",
                               "number of messages of a stream for which each operation waits, at "
                               "most for `timeout`; the call stays open",
                               "1", {.least = 1, .most = 1'000'000}),
      option_key<Duration>(
          "deadline",
          "deadline of a call with all its attempts, in real time; it is sent to the server "
          "(grpc-timeout), and a call that exceeds it ends with the status DEADLINE_EXCEEDED",
          "none", {.least = std::chrono::milliseconds(1)}),
      table_key<GrpcRetryPolicy>(
          "retry",
          "retry policy of each call (gRFC A6), in real time: max_attempts (2 to 5), backoff "
          "(100ms), backoff_most (1s), multiplier (2), codes ([\"UNAVAILABLE\"])",
          retry_schema()),
      table_key<GrpcKeepalive>("keepalive",
                               "PINGs that detect a silent connection (gRFC A8), in real time: "
                               "every, timeout (20s), without_calls (false)",
                               keepalive_schema()),
  };
}

bool GrpcUser::streams() const {
  if (asks_health()) return watch;
  const auto known = types.streams(service, rpc);
  return known && known->server;
}

std::string GrpcUser::path() const {
  if (asks_health()) return std::string(kHealthPath) + (watch ? "Watch" : "Check");
  return "/" + service + "/" + rpc;
}

std::string GrpcUser::message() const {
  if (!asks_health()) return types.from_json(service, rpc, false, request).value_or("");
  if (service.empty()) return {};
  // Field 1 of HealthCheckRequest is the name, with its length in base 128.
  std::string message = "\x0a";
  auto length = service.size();
  for (; length >= 128; length /= 128) message += static_cast<char>(length % 128 + 128);
  message += static_cast<char>(length);
  return message + service;
}

std::string GrpcUser::mismatch(std::string_view response) const {
  if (asks_health()) return response == kServing ? "" : "the service is not SERVING";
  for (const auto& wanted : fields) {
    const auto values = types.values(service, rpc, true, response, wanted.name);
    const bool is_met = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
      return wanted.value.matches(value);
    });
    if (is_met) continue;
    return "field " + in_quotes(wanted.name) +
           (values.empty() ? " is missing" : " is " + in_quotes(values.front())) + ", not " +
           in_quotes(wanted.value.text());
  }
  return {};
}

std::optional<std::uint64_t> GrpcUser::number_of(std::string_view response) const {
  if (number.empty()) return std::nullopt;
  const auto values = types.values(service, rpc, true, response, number);
  if (values.empty()) return std::nullopt;
  return parse_whole_number(values.front(), std::uint64_t{INT64_MAX});
}

}  // namespace brownout::rules
