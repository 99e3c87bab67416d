#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

struct RedirectSettings {
  std::string location;
  std::int64_t status = 302;
  bool keep_path = true;
};

class Redirect final : public HttpOnlyFault {
 public:
  using Settings = RedirectSettings;
  explicit Redirect(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("location", &Settings::location,
              "URL in the Location header, e.g. \"https://backup.example.org\"",
              {.required = true}),
        field("status", &Settings::status, "status of the response: 301, 302, 303, 307 or 308",
              {.least = 301, .most = 308}),
        field("keep_path", &Settings::keep_path,
              "whether the path and the query of the request are appended to the location"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!make_header("location", settings.location)) {
      problems.add(position_of(table, "location"),
                   "location contains a line break, which no header may contain",
                   "leave CR and LF out");
    }
    if (settings.status > 303 && settings.status < 307) {
      problems.add(position_of(table, "status"),
                   "clients do not follow a redirection with this status",
                   "use 301, 302, 303, 307 or 308");
    }
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    const auto& asked = *context.request->http;
    auto location = settings_.location;
    if (settings_.keep_path) {
      if (location.ends_with('/')) location.pop_back();
      location += asked.path + (asked.query.empty() ? "" : "?" + asked.query);
    }
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer = {static_cast<int>(settings_.status), {{"location", location}}, ""};
    return Note{.action = "redirect"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kRedirect = describe<Redirect>(
    {.name = "redirect",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kRequest,
     .summary = "The request is answered with a redirection to another location. The request never "
                "reaches the server.",
     .correct_client = "follows a bounded number of redirections, detects a loop, and sends no "
                       "credentials to another host",
     .unit = "request",
     .composition = "the first rule that answers or drops a request decides",
     .source = "RFC 9110, 10.2.2 (Location) and 15.4 (redirection, loops, credentials)"});

}  // namespace brownout::rules
