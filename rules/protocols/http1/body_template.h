// BodyTemplate is a text with values of the request in it: {{path}}, {{query.page}}. It is compiled
// when the rule file is read. A value type; pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/protocols/http1/http.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// Whether the text has values of the request, and how they are written.
enum class TemplateValues {
  kOff,   // it has none
  kText,  // as they are
  kJson,  // with the escapes of a JSON string
};
template <>
struct EnumNames<TemplateValues> {
  static constexpr std::array kValues{
      std::pair<std::string_view, TemplateValues>{"off", TemplateValues::kOff},
      std::pair<std::string_view, TemplateValues>{"text", TemplateValues::kText},
      std::pair<std::string_view, TemplateValues>{"json", TemplateValues::kJson}};
};

class BodyTemplate {
 public:
  // Returns an error for a value that no request has, and for {{ without }}.
  static Result<BodyTemplate> of(std::string_view text, TemplateValues values);

  // Returns the text for this request. A value that the request lacks is "".
  std::string fill(const HttpExchange& request) const;

 private:
  enum class Kind { kLiteral, kMethod, kHost, kPath, kSegment, kQuery, kHeader };
  struct Part {
    Kind kind = Kind::kLiteral;
    std::string text = {};    // the literal, or the name of a parameter or header
    std::size_t segment = 0;  // of a path, from 1
  };
  static Result<Part> part_of(std::string_view name);
  static std::string value_of(const Part& part, const HttpExchange& request);

  std::vector<Part> parts_;
  TemplateValues values_ = TemplateValues::kOff;
};

// Describes the key `template` on the reference page.
inline constexpr std::string_view kAboutTemplate =
    "\"text\" or \"json\": values of the request stand in the body, as {{method}}, {{host}}, "
    "{{path}}, {{path.2}} (the second segment), {{query.page}} and {{header.x-id}}; \"json\" "
    "writes them with the escapes of a JSON string";
// Reports a mistake in the body, which stands at `where`.
void check_template(std::string_view body, TemplateValues values, Position where,
                    Diagnostics& problems);

}  // namespace brownout::rules
