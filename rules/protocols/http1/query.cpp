#include "rules/protocols/http1/query.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "rules/base/hex_digit.h"

namespace brownout::rules {
namespace {

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const auto high = escape ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = escape ? hex_digit(text[i + 2]) : std::nullopt;
    if (high && low) {
      plain += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

// Percent-encodes a text for a query (WHATWG URL Standard, 5.2).
std::string encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string coded;
  for (const char c : text) {
    const auto letter = static_cast<char>(c | 0x20);
    const bool plain = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') ||
                       std::string_view("*-._").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      coded += c;
    } else {
      coded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return coded;
}

std::string name_of_parameter(std::string_view part) {
  return decoded(part.substr(0, part.find('=')));
}

// Calls `keep` for each part of the query (the text between two &), and returns the query made of
// the results. Empty results are left out.
std::string edited(std::string_view query,
                   const std::function<std::string(std::string_view part)>& keep) {
  std::string whole;
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const auto kept = part.empty() ? std::string() : keep(part);
    if (!kept.empty()) whole += (whole.empty() ? "" : "&") + kept;
  }
  return whole;
}

}  // namespace

bool any_parameter(std::string_view query,
                   const std::function<bool(std::string_view name, std::string_view value)>& is) {
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (part.empty()) continue;
    const auto mark = std::min(part.find('='), part.size());
    const auto value = part.substr(std::min(mark + 1, part.size()));
    if (is(decoded(part.substr(0, mark)), decoded(value))) return true;
  }
  return false;
}

Result<std::vector<QueryParameter>> ValueKind<std::vector<QueryParameter>>::read(const Node& node) {
  if (node.table() == nullptr) return wrong_type(node, "a table of parameters");
  std::vector<QueryParameter> parameters;
  for (const auto& member : *node.table()) {
    const auto* text = member.node.string();
    const auto* number = std::get_if<std::int64_t>(&member.node.value);
    if (text == nullptr && number == nullptr) return wrong_type(member.node, "a text or a number");
    parameters.push_back({member.key, text != nullptr ? *text : std::to_string(*number)});
  }
  return parameters;
}

std::string with_parameter(std::string_view query, const QueryParameter& parameter) {
  const auto text = encoded(parameter.name) + "=" + encoded(parameter.value);
  bool set = false;
  auto whole = edited(query, [&](std::string_view part) {
    if (name_of_parameter(part) != parameter.name) return std::string(part);
    return std::exchange(set, true) ? std::string() : text;
  });
  if (!set) whole += (whole.empty() ? "" : "&") + text;
  return whole;
}

std::string without_parameters(std::string_view query, const std::vector<std::string>& names) {
  return edited(query, [&](std::string_view part) {
    const auto name = name_of_parameter(part);
    const bool removed = std::find(names.begin(), names.end(), name) != names.end();
    return removed ? std::string() : std::string(part);
  });
}

}  // namespace brownout::rules
