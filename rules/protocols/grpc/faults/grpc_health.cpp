// grpc_health: answers the health checks of gRPC clients in place of the server.
//
// Both messages of this protocol (grpc.health.v1.Health) are simple: a request has the name of a
// service in field 1, a response a status in field 1. So no descriptors are needed.
#include <algorithm>
#include <array>

#include "rules/base/base64.h"
#include "rules/engine/fault.h"
#include "rules/engine/whole_body.h"
#include "rules/protocols/grpc/grpc_message.h"

namespace brownout::rules {
namespace {

// HealthCheckResponse.ServingStatus
enum class Health { kUnknown = 0, kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

}  // namespace

template <>
struct EnumNames<Health> {
  static constexpr std::array kValues = std::to_array<std::pair<std::string_view, Health>>(
      {{"NOT_SERVING", Health::kNotServing},
       {"SERVING", Health::kServing},
       {"UNKNOWN", Health::kUnknown},
       {"SERVICE_UNKNOWN", Health::kServiceUnknown}});
};

namespace {

constexpr Bytes kMostHealthRequest{4096};
constexpr std::size_t kMessagePrefix = 5;
constexpr std::int64_t kNotFound = 5;
constexpr std::int64_t kHealthUnavailable = 14;
constexpr std::string_view kServiceField = "\x0a";  // field 1, a text
constexpr std::string_view kStatusField = "\x08";   // field 1, a number

struct GrpcHealthSettings {
  Health status = Health::kNotServing;
  std::vector<TextPattern> service;
};

std::string framed(char flags, std::string_view message) {
  return std::string{flags, 0, 0, 0, static_cast<char>(message.size())}.append(message);
}

// Returns the service that a HealthCheckRequest names; "" means the whole server. Returns no value
// if the message cannot be read.
std::optional<std::string> service_of(std::string_view body) {
  if (body.size() < kMessagePrefix || body[0] != 0) return std::nullopt;
  auto message = body.substr(kMessagePrefix);
  if (message.empty()) return std::string();
  if (!message.starts_with(kServiceField) || message.size() < 2) return std::nullopt;
  std::size_t size = static_cast<unsigned char>(message[1]) & 0x7f;
  std::size_t at = 2;
  if ((message[1] & 0x80) != 0) {
    if (message.size() < 3) return std::nullopt;
    size |= std::size_t{static_cast<unsigned char>(message[2])} << 7;
    at = 3;
  }
  if (message.size() < at + size) return std::nullopt;
  return std::string(message.substr(at, size));
}

class GrpcHealth final : public HttpOnlyFault {
 public:
  using Settings = GrpcHealthSettings;
  explicit GrpcHealth(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("status", &Settings::status,
              "the health that the service reports; with \"SERVICE_UNKNOWN\", Check fails with the "
              "gRPC status NOT_FOUND"),
        field("service", &Settings::service,
              "only these services, e.g. [\"shop.Orders\"], \"shop.*\"; \"\" is the server as a "
              "whole. Checks of others are not answered by the rule"),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    const auto& http = *context.request->http;
    const bool asks = http.path == kCheck || http.path == kWatch;
    if (asks && http.request_type.starts_with("application/grpc"))
      want_body(context, message, kMostHealthRequest);
    return std::nullopt;
  }

  Result<std::optional<Note>> on_body(const HttpContext& context,
                                      HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    const auto& http = *context.request->http;
    const bool text = http.request_type.starts_with("application/grpc-web-text");
    if (!settings_.service.empty()) {
      auto body = message.body;
      if (body && text) body = from_base64(*body);
      const auto service = body ? service_of(*body) : std::nullopt;
      if (!service) return config_error("the health check cannot be read");
      if (!any_matches(settings_.service, *service)) return std::nullopt;
    }
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer = answer(http, text);
    return Note{.action = "answer"};
  }

 private:
  static constexpr std::string_view kCheck = "/grpc.health.v1.Health/Check";
  static constexpr std::string_view kWatch = "/grpc.health.v1.Health/Watch";

  HttpAnswer answer(const HttpExchange& http, bool text) const {
    const bool watches = http.path == kWatch;
    const bool web = http.request_type.starts_with("application/grpc-web");
    HttpAnswer answer{200, {{"content-type", http.request_type}}, {}};
    if (settings_.status == Health::kServiceUnknown && !watches) {
      answer.headers.push_back({"grpc-status", std::to_string(kNotFound)});
      return answer;
    }
    std::string message(kStatusField);
    message += static_cast<char>(settings_.status);
    answer.body = framed(0, message);
    // A Watch call stays open until the rule ends. It then fails with UNAVAILABLE, so that the
    // client asks the real server.
    const auto status = watches ? kHealthUnavailable : 0;
    if (watches) answer.open_until = kNever;
    if (!web) answer.trailers.push_back({"grpc-status", std::to_string(status)});
    if (web && !watches) answer.body += framed('\x80', grpc_trailers(status, ""));
    if (text) answer.body = to_base64(answer.body);
    return answer;
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kGrpcHealth = describe<GrpcHealth>(
    {.name = "grpc_health",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kRequest,
     .summary = "Health checks of gRPC (grpc.health.v1.Health, Check and Watch) get the answer "
                "NOT_SERVING or another health; the server does not get the request. Other calls "
                "pass. A Watch stays open as long as the rule acts, and then fails with "
                "UNAVAILABLE, so that the client asks again.",
     .correct_client = "sends no calls to a server that is not SERVING, sends them to other "
                       "servers, and uses the server again when its health is SERVING; a load "
                       "balancer takes the server out of rotation",
     .unit = "request",
     .composition = "the first rule that answers or drops a request decides",
     .source = "gRPC Health Checking Protocol (doc/health-checking.md); gRFC A17 (client-side "
               "health checking)"});

}  // namespace brownout::rules
