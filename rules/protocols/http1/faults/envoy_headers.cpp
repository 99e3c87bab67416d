// envoy_headers: injects the fault that a request's own headers ask for, as Envoy's fault filter
// does (x-envoy-fault-...).
//
// Without a rule with this fault, these headers have no effect. A percentage header selects from
// those requests that the rule's probability has selected. Requests on which the rule does not act
// lose these headers, too. Invalid values are ignored. x-envoy-fault-abort-request-percentage also
// applies to a gRPC status.
#include <algorithm>
#include <charconv>

#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/faults/common/rate_stage.h"

namespace brownout::rules {
namespace {

struct EnvoyHeadersSettings {
  bool delay = true;
  bool abort = true;
  bool throughput = true;
  Duration longest = std::chrono::minutes(5);
};

constexpr std::string_view kPrefix = "x-envoy-fault-";

class EnvoyHeaders final : public Fault, public HttpFault {
 public:
  using Settings = EnvoyHeadersSettings;
  explicit EnvoyHeaders(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay,
              "whether the header x-envoy-fault-delay-request has an effect; it sets the delay of "
              "the request in milliseconds"),
        field("abort", &Settings::abort,
              "whether the headers x-envoy-fault-abort-request (HTTP status) and "
              "x-envoy-fault-abort-grpc-request (gRPC status) have an effect. The request is "
              "answered with this status and does not reach the server"),
        field("throughput", &Settings::throughput,
              "whether the header x-envoy-fault-throughput-response has an effect; it sets the "
              "rate of the response body in KiB/s"),
        field("longest", &Settings::longest,
              "longest delay that a header can set; a longer one is reduced to it"),
    }};
    return schema;
  }

  const HttpFault* http() const override { return this; }
  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    strip(message);
    const auto& head = context.request->http->request;
    std::optional<Note> note;
    const auto delay = number(head, "delay-request");
    if (settings_.delay && delay && hits(context, head, "delay-request")) {
      const auto most = settings_.longest / std::chrono::milliseconds(1);
      const auto granted = std::chrono::milliseconds(std::min<std::int64_t>(*delay, most));
      message.delay += granted;
      note = Note{.action = "delay", .delay = granted};
    }
    if (!settings_.abort || message.decided()) return note;
    const auto status = number(head, "abort-request");
    const auto grpc = number(head, "abort-grpc-request");
    if (!status && !grpc) return note;
    if (!hits(context, head, "abort-request")) return note;
    if (grpc && *grpc <= 16) {
      message.answer = {};
      make_grpc(message.answer, *context.request->http, *grpc);
    } else if (status && *status >= 200 && *status <= 599) {
      message.answer = {static_cast<int>(*status), {}, "fault filter abort"};
    } else {
      return note;
    }
    message.fate = HttpMessage::Fate::kAnswer;
    return Note{.action = "answer"};
  }
  void on_skipped(HttpMessage& request) const override { strip(request); }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.direction == Direction::kUpstream || !settings_.throughput) return nullptr;
    const auto& head = context.flow->http->request;
    const auto rate = number(head, "throughput-response");
    if (!rate || *rate == 0) return nullptr;
    const auto share = percentage(head, "throughput-response");
    if (!context.dice.split("throughput").hit(0, share)) return nullptr;
    const auto most = std::min<std::int64_t>(*rate, 1 << 30);
    // Uses full intensity for the rate, since the rule's `ramp` raises the share of requests
    // instead.
    return std::make_unique<RateStage>(LinkSettings{.rate = Rate{most * 1024 * 8}}, Intensity{},
                                       Dice{}, Instant{});
  }

 private:
  static std::optional<std::int64_t> number(const HttpHead& head, std::string_view what) {
    const auto* text = head.find(std::string(kPrefix) + std::string(what));
    std::int64_t value = 0;
    if (text == nullptr || text->empty()) return std::nullopt;
    const auto* end = text->data() + text->size();
    const auto result = std::from_chars(text->data(), end, value);
    if (result.ec != std::errc() || result.ptr != end || value < 0) return std::nullopt;
    return value;
  }
  // Returns the share that the header asks for, of those requests that the rule's probability has
  // already selected.
  static Ratio percentage(const HttpHead& head, std::string_view what) {
    const auto percent = number(head, std::string(what) + "-percentage");
    return Ratio::of(static_cast<double>(std::min<std::int64_t>(percent.value_or(100), 100)) / 100);
  }
  static bool hits(const HttpContext& context, const HttpHead& head, std::string_view what) {
    return context.dice.split(what).hit(0, percentage(head, what));
  }
  static void strip(HttpMessage& message) {
    const auto count = std::erase_if(message.head.headers, [](const HttpHeader& header) {
      return same_header_name(std::string_view(header.name).substr(0, kPrefix.size()), kPrefix);
    });
    if (count > 0) message.edited = true;
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kEnvoyHeaders = describe<EnvoyHeaders>(
    {.name = "envoy_headers",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .on_body = true,
     .http_part = ExchangePart::kRequest,
     .summary = "A client chooses the fault of its own request with the headers of Envoy's fault "
                "filter: a delay, a status or a slow response. The server does not see these "
                "headers. A header such as x-envoy-fault-delay-request-percentage sets the share "
                "of requests that get the fault.",
     .correct_client = "gives up the delayed request after its own time-out, reports the status, "
                       "and completes its other requests as usual",
     .unit = "request",
     .composition = "the delays add up, the first status decides, and the lowest rate decides",
     .source = "Envoy, HTTP fault injection, controlling fault injection via HTTP headers"});

}  // namespace brownout::rules
