// replace_body: replaces HTTP bodies. Content-Length is set to match, and Content-Encoding is
// removed.
#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/http1/body_template.h"

namespace brownout::rules {
namespace {

struct ReplaceBodySettings {
  std::string body;
  std::optional<std::string> content_type;
  TemplateValues values = TemplateValues::kOff;
};

class ReplaceBody final : public HttpOnlyFault {
 public:
  using Settings = ReplaceBodySettings;
  explicit ReplaceBody(const Settings& settings)
      : settings_(settings),
        body_(BodyTemplate::of(settings.body, settings.values).value_or(BodyTemplate())) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("body", &Settings::body, "text of the new body", {.required = true}),
        field("content_type", &Settings::content_type,
              "media type of the new body (Content-Type); unchanged if left out"),
        field("template", &Settings::values, std::string(kAboutTemplate)),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    check_template(settings.body, settings.values, position_of(table, "body"), problems);
    if (!settings.content_type || make_header("content-type", *settings.content_type)) return;
    problems.add(position_of(table, "content_type"),
                 "content_type contains a line break, which no header may contain",
                 "leave CR and LF out");
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    const auto note = replace_body(context, message, body_.fill(*context.request->http));
    if (note && settings_.content_type) {
      message.head.set("content-type", *settings_.content_type);
    }
    return note;
  }

 private:
  Settings settings_;
  BodyTemplate body_;
};

}  // namespace

extern const FaultKind kReplaceBody = describe<ReplaceBody>(
    {.name = "replace_body",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .directed = true,
     .summary = "The message has another body, with the right Content-Length. A message without a "
                "body is unchanged.",
     .correct_client = "validates the content before it acts on it, for example with "
                       "Content-Digest, and reports content that it cannot use",
     .unit = "body of the request, of the response, or of both (`direction`)",
     .composition = "the body of the last rule arrives",
     .source = "RFC 9110, 8.4 (Content-Encoding) and 8.6 (Content-Length); RFC 9530, 2 "
               "(Content-Digest)"});

}  // namespace brownout::rules
