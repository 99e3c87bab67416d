#include "rules/faults/replace_body.h"

#include "rules/http_fault.h"

namespace brownout::rules {
namespace {

struct Settings {
  std::string body;
  std::optional<std::string> content_type;
};

class ReplaceBody final : public HttpOnlyFault {
 public:
  using Settings = brownout::rules::Settings;
  explicit ReplaceBody(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("body", &Settings::body, "instead of its own", {.required = true}),
        field("content_type", &Settings::content_type, "of the new body; as it was if left out"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!settings.content_type || make_header("content-type", *settings.content_type)) return;
    problems.add(position_of(table, "content_type"), "a content type is one line",
                 "leave CR and LF out");
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided() || !may_have_body(context, message)) return std::nullopt;
    message.body = settings_.body;
    if (settings_.content_type) message.head.set("content-type", *settings_.content_type);
    message.head.remove("content-encoding");
    message.edited = true;
    return Note{.action = "replace", .bytes = static_cast<std::int64_t>(settings_.body.size())};
  }

 private:
  // A request that has none gets none; nor do responses that cannot have one.
  static bool may_have_body(const HttpContext& context, const HttpMessage& message) {
    const auto& request = context.request->http->request;
    if (message.is_request()) {
      return request.find("content-length") != nullptr ||
             request.find("transfer-encoding") != nullptr;
    }
    const auto status = message.head.status;
    return request.method != "HEAD" && status != 204 && status != 304 && status >= 200;
  }

  Settings settings_;
};

}  // namespace

const FaultKind kReplaceBody =
    describe<ReplaceBody>({.name = "replace_body",
                           .level = Level::kMessage,
                           .carriers = kHttpRequests,
                           .directed = true,
                           .summary = "The body is another one.",
                           .magnitude = "request, response, or both (`direction`)",
                           .composition = "the last rule wins",
                           .source = {}});

}  // namespace brownout::rules
