// Reads and writes JSON text that may come from anyone. Input is limited in depth and size, so that
// other code may process it by recursion and linear search. Output is valid UTF-8 even if values
// are not. Never throws.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace brownout::codecs {

constexpr int kDeepestJson = 64;  // levels of nested objects and arrays
// Members of one object; a search for a member takes linear time.
constexpr std::size_t kMostJsonMembers = 256;

// JsonLimits is a callback of the JSON parser. It rejects text that exceeds the limits above.
class JsonLimits {
 public:
  explicit JsonLimits(std::size_t most_values) : left_(most_values) {}

  template <class Event>
  bool admit(int depth, Event event) {
    if (why_ != nullptr) return false;
    const bool value =
        event == Event::value || event == Event::object_start || event == Event::array_start;
    if (value && left_-- == 0) {
      why_ = "has too many values";
    } else if (depth > kDeepestJson) {
      why_ = "is more than 64 levels deep";
    } else if (event == Event::object_start) {
      members_[static_cast<std::size_t>(depth) + 1] = 0;
    } else if (event == Event::key &&
               ++members_[static_cast<std::size_t>(depth)] > kMostJsonMembers) {
      why_ = "has an object with more than 256 members";
    }
    return why_ == nullptr;
  }
  // Returns the exceeded limit as the end of a sentence about the text; null if there is none.
  const char* why() const { return why_; }

 private:
  std::array<std::size_t, kDeepestJson + 2> members_{};
  std::size_t left_;
  const char* why_ = nullptr;
};

// Parses JSON (RFC 8259). Returns nothing if the text is not JSON, or exceeds the limits.
template <class Json = nlohmann::json>
std::optional<Json> read_json(std::string_view text, std::size_t most_values = SIZE_MAX) {
  JsonLimits limits(most_values);
  auto value = Json::parse(
      text,
      [&](int depth, typename Json::parse_event_t event, Json&) {
        return limits.admit(depth, event);
      },
      false);
  if (limits.why() != nullptr || value.is_discarded()) return std::nullopt;
  return value;
}

// Writes JSON, with U+FFFD in place of invalid UTF-8 (RFC 3629). Such bytes may come from a
// ClientHello's server name, a header, or text that was cut inside a character.
template <class Json>
std::string json_text(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace brownout::codecs
