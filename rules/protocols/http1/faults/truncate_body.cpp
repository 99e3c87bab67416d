// truncate_body: cuts off the end of a body. The head still announces the whole body.
#include "rules/engine/fault.h"
#include "rules/faults/common/truncate_stage.h"
#include "rules/schema/how_to_close.h"

namespace brownout::rules {
namespace {

struct TruncateBodySettings {
  Bytes after{};
  std::optional<Ratio> share;
  HowToClose close = HowToClose::kFin;
};

class TruncateBody final : public Fault {
 public:
  using Settings = TruncateBodySettings;
  explicit TruncateBody(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "number of bytes of the body that pass; a body that is not longer is unchanged"),
        field("share", &Settings::share,
              "instead of `after`: the part of the body that passes, e.g. \"50%\". Acts only on "
              "bodies with a Content-Length, because the length of other bodies is unknown"),
        field("close", &Settings::close, "how the connection closes: FIN or RST"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!settings.share || table.find("after") == nullptr) return;
    problems.add(position_of(table, "after"),
                 "`after` and `share` exclude each other: both limit how much passes",
                 "leave one of them out");
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    const auto how = settings_.close == HowToClose::kRst ? Close::kResetAfterData : Close::kFin;
    if (!settings_.share) return std::make_unique<TruncateStage>(settings_.after.count, how);
    const auto& http = *context.flow->http;
    const bool up = context.direction == Direction::kUpstream;
    const auto length = up ? http.request_length : http.response_length;
    if (!length) return nullptr;
    const auto passes = static_cast<double>(*length) * settings_.share->share();
    return std::make_unique<TruncateStage>(static_cast<std::int64_t>(passes), how);
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kTruncateBody = describe<TruncateBody>(
    {.name = "truncate_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .directed = true,
     .on_body = true,
     .summary =
         "The connection closes within the body. The body is shorter than its headers announced.",
     .correct_client = "treats a response as incomplete if it is shorter than Content-Length or "
                       "lacks its last chunk, and does not use it",
     .unit = "body of the request, of the response, or of both (`direction`)",
     .composition = "the smallest `after` or `share` decides",
     .source = "RFC 9112, 6.3 and 8"});

}  // namespace brownout::rules
