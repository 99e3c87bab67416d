// trailers: drops the trailers of a response, or changes one.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

struct TrailersSettings {
  bool drop = false;
  std::vector<HttpHeader> set;
};

class Trailers final : public HttpOnlyFault {
 public:
  using Settings = TrailersSettings;
  explicit Trailers(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("drop", &Settings::drop, "true: the server's trailers are removed"),
        field("set", &Settings::set,
              "trailers that are set, e.g. { grpc-status = \"14\" }; with `drop`, the response has "
              "only these trailers"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.drop || !settings.set.empty()) return;
    problems.add(table.where, "the fault \"trailers\" changes nothing",
                 "write drop = true, or set = { grpc-status = \"14\" }");
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    auto& change = message.trailers;
    if (settings_.drop) change = {.drops = true};
    for (const auto& field : settings_.set) change.set.emplace_back(field.name, field.value);
    return Note{.action = settings_.drop ? "drop trailers" : "change trailers"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTrailers = describe<Trailers>(
    {.name = "trailers",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary =
         "The trailers of the response are missing, or have other values. Over HTTP/1 only a "
         "chunked body has trailers.",
     .correct_client = "of gRPC reports the status UNKNOWN if grpc-status is missing, and never "
                       "treats such a call as successful",
     .unit = "response",
     .composition = "changes are applied in the order of the rules",
     .source = "RFC 9110, 6.5; RFC 9113, 8.1; \"gRPC over HTTP2\", section Responses"});

}  // namespace brownout::rules
