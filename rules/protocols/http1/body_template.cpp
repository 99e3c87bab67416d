#include "rules/protocols/http1/body_template.h"

#include <nlohmann/json.hpp>

#include "rules/base/whole_number.h"
#include "rules/protocols/http1/query.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kValueHint =
    "the values are {{method}}, {{host}}, {{path}}, {{path.1}}, {{query.NAME}} and {{header.NAME}}";
constexpr std::size_t kMostSegment = 1000;

std::string_view segment_of(std::string_view path, std::size_t number) {
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const auto segment = path.substr(0, path.find('/'));
    if (--number == 0) return segment;
    path.remove_prefix(segment.size());
  }
  return {};
}

std::string with_json_escapes(const std::string& text) {
  const auto quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Result<BodyTemplate> BodyTemplate::of(std::string_view text, TemplateValues values) {
  BodyTemplate made;
  made.values_ = values;
  while (!text.empty()) {
    const auto begin = values == TemplateValues::kOff ? text.npos : text.find("{{");
    if (begin > 0) made.parts_.push_back({.text = std::string(text.substr(0, begin))});
    if (begin == text.npos) break;
    const auto end = text.find("}}", begin);
    if (end == text.npos) return config_error("{{ without }}", std::string(kValueHint));
    auto part = part_of(text.substr(begin + 2, end - begin - 2));
    if (!part) return tl::unexpected(part.error());
    made.parts_.push_back(std::move(*part));
    text.remove_prefix(end + 2);
  }
  return made;
}

Result<BodyTemplate::Part> BodyTemplate::part_of(std::string_view name) {
  if (name == "method") return Part{.kind = Kind::kMethod};
  if (name == "host") return Part{.kind = Kind::kHost};
  if (name == "path") return Part{.kind = Kind::kPath};
  const auto dot = name.find('.');
  const auto rest = dot == name.npos ? std::string_view() : name.substr(dot + 1);
  if (name.starts_with("path.")) {
    const auto number = parse_whole_number(rest, kMostSegment);
    if (number && *number > 0) return Part{.kind = Kind::kSegment, .segment = *number};
  }
  if (name.starts_with("query.") && !rest.empty()) {
    return Part{.kind = Kind::kQuery, .text = std::string(rest)};
  }
  if (name.starts_with("header.") && is_token(rest)) {
    return Part{.kind = Kind::kHeader, .text = std::string(rest)};
  }
  return config_error("a request has no value {{" + std::string(name) + "}}",
                      std::string(kValueHint));
}

std::string BodyTemplate::value_of(const Part& part, const HttpExchange& request) {
  switch (part.kind) {
    case Kind::kLiteral:
      return part.text;
    case Kind::kMethod:
      return request.request.method;
    case Kind::kHost:
      return request.host;
    case Kind::kPath:
      return request.path;
    case Kind::kSegment:
      return std::string(segment_of(request.path, part.segment));
    case Kind::kHeader:
      return request.request.list(part.text);
    case Kind::kQuery:
      break;
  }
  std::string found;
  any_parameter(request.query, [&](std::string_view name, std::string_view value) {
    if (name != part.text) return false;
    found = value;
    return true;
  });
  return found;
}

std::string BodyTemplate::fill(const HttpExchange& request) const {
  std::string text;
  for (const auto& part : parts_) {
    const bool escapes = part.kind != Kind::kLiteral && values_ == TemplateValues::kJson;
    text += escapes ? with_json_escapes(value_of(part, request)) : value_of(part, request);
  }
  return text;
}

void check_template(std::string_view body, TemplateValues values, Position where,
                    Diagnostics& problems) {
  const auto made = BodyTemplate::of(body, values);
  if (!made) problems.add(where, made.error().what, made.error().hint);
}

}  // namespace brownout::rules
