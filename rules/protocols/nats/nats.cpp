#include "rules/protocols/nats/nats.h"

#include <algorithm>

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

std::string_view next_token(std::string_view& rest) {
  const auto end = std::min(rest.find('.'), rest.size());
  const auto token = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return token;
}

}  // namespace

std::vector<std::string_view> nats_headers(std::string_view headers, std::string_view name) {
  std::vector<std::string_view> values;
  auto rest = headers.substr(std::min(headers.find('\n'), headers.size() - 1) + 1);
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || line.substr(0, colon) != name) continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    values.push_back(value);
  }
  return values;
}

int nats_status(std::string_view headers) {
  constexpr std::string_view kVersion = "NATS/1.0 ";
  if (!headers.starts_with(kVersion)) return 0;
  const auto rest = headers.substr(kVersion.size());
  const auto digits = rest.substr(0, rest.find_first_not_of("0123456789"));
  return parse_whole_number<int>(digits, 999).value_or(0);
}

bool subject_matches(std::string_view pattern, std::string_view subject) {
  while (!pattern.empty() && !subject.empty()) {
    const auto wanted = next_token(pattern);
    if (wanted == ">") return pattern.empty();
    const auto token = next_token(subject);
    if (wanted != "*" && wanted != token) return false;
  }
  return pattern.empty() && subject.empty();
}

Result<SubjectPattern> ValueKind<SubjectPattern>::read(const Node& node) {
  constexpr std::string_view kForm = R"(e.g. "orders.*.created" or "orders.>")";
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a subject");
  const auto bad = [&](const std::string& why) {
    return config_error(in_quotes(*text) + " is not a subject: " + why, std::string(kForm));
  };
  if (text->find_first_of(" \t\r\n") != std::string::npos) return bad("it contains a blank");
  auto rest = std::string_view(*text);
  if (rest.empty() || rest.ends_with('.')) return bad("a token is empty");
  while (!rest.empty()) {
    const auto token = next_token(rest);
    if (token.empty()) return bad("a token is empty");
    if (token == ">" && !rest.empty()) return bad("> must be the last token");
  }
  return SubjectPattern{*text};
}

}  // namespace brownout::rules
