#include "rules/protocols/nats/nats_json.h"

#include <nlohmann/json.hpp>

namespace brownout::rules {
namespace {

using Json = nlohmann::ordered_json;

// Deepest level of JSON that is parsed. The JSON of INFO and CONNECT is flat; deeper members are
// dropped.
constexpr int kDeepest = 8;

Json parsed(std::string_view json) {
  const auto keep = [](int depth, Json::parse_event_t, const Json&) { return depth <= kDeepest; };
  return Json::parse(json, keep, false);
}

// Returns the value of a member; null if it is missing.
Json member_of(std::string_view json, const char* member) {
  const auto object = parsed(json);
  if (!object.is_object()) return nullptr;
  const auto found = object.find(member);
  return found != object.end() ? *found : Json();
}

std::string with_member(std::string_view json, const char* member, Json value) {
  auto object = parsed(json);
  if (!object.is_object()) return {};
  object[member] = std::move(value);
  // Invalid UTF-8 is replaced, since strict mode throws.
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
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

std::string with_nats_flag(std::string_view json, const char* member, bool value) {
  return with_member(json, member, value);
}

std::string with_nats_texts(std::string_view json, const char* member,
                            const std::vector<std::string>& values) {
  return with_member(json, member, values);
}

std::string nats_introduction(const NatsIntroduction& client) {
  Json json = {{"verbose", false}, {"pedantic", false},     {"name", client.name},
               {"lang", "c++"},    {"version", "1"},        {"protocol", 1},
               {"headers", true},  {"no_responders", true}, {"tls_required", client.tls}};
  if (!client.user.empty()) {
    json["user"] = client.user;
    json["pass"] = client.password;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace brownout::rules
