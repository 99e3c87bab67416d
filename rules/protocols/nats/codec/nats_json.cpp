#include "rules/protocols/nats/codec/nats_json.h"

#include <nlohmann/json.hpp>

namespace brownout::codecs {
namespace {

// What INFO and CONNECT have is flat: of what is nested deeper nothing is kept.
constexpr int kDeepest = 2;

// A member's value; null where there is none. Never throws.
nlohmann::json member_of(std::string_view json, const char* member) {
  const auto keep = [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    return depth <= kDeepest;
  };
  const auto object = nlohmann::json::parse(json, keep, false);
  if (!object.is_object()) return nullptr;
  const auto found = object.find(member);
  return found != object.end() ? *found : nlohmann::json();
}

}  // namespace

std::string nats_json_text(std::string_view json, const char* member) {
  const auto value = member_of(json, member);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool nats_json_flag(std::string_view json, const char* member) {
  const auto value = member_of(json, member);
  return value.is_boolean() && value.get<bool>();
}

}  // namespace brownout::codecs
