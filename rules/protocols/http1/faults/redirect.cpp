// redirect: answers with a redirect; the request never reaches the server.
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
        field("location", &Settings::location, "target, e.g. \"https://backup.example.org\"",
              {.required = true}),
        field("status", &Settings::status, "301, 302, 303, 307 or 308",
              {.least = 301, .most = 308}),
        field("keep_path", &Settings::keep_path,
              "whether to append the path and query of the request to the location"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!make_header("location", settings.location)) {
      problems.add(position_of(table, "location"), "a location is one line", "leave CR and LF out");
    }
    if (settings.status > 303 && settings.status < 307) {
      problems.add(position_of(table, "status"), "no client follows such a status",
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
     .of_http = Half::kRequest,
     .summary = "The client is redirected to another location.",
     .unit = "request",
     .composition = "the first rule that answers a request, or drops it, decides",
     .source = "RFC 9110, 15.4"});

}  // namespace brownout::rules
