// JSON text that comes from others, or holds what others wrote: what is read is bounded, so that
// whatever walks it may recurse and search; what is written is UTF-8. Neither throws.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace brownout::codecs {

constexpr int kDeepestJson = 64;               // objects and arrays in one another
constexpr std::size_t kMostJsonMembers = 256;  // of one object: they are searched in order

// A parser's callback that stops taking values where a text goes beyond these limits.
class JsonLimits {
 public:
  explicit JsonLimits(std::size_t most_values) : left_(most_values) {}

  template <class Event>
  bool admit(int depth, Event event) {
    if (why_ != nullptr) return false;
    const bool value =
        event == Event::value || event == Event::object_start || event == Event::array_start;
    if (value && left_-- == 0) {
      why_ = "too many values";
    } else if (depth > kDeepestJson) {
      why_ = "more than 64 levels deep";
    } else if (event == Event::object_start) {
      members_[static_cast<std::size_t>(depth) + 1] = 0;
    } else if (event == Event::key &&
               ++members_[static_cast<std::size_t>(depth)] > kMostJsonMembers) {
      why_ = "an object has more than 256 members";
    }
    return why_ == nullptr;
  }
  // Null while the text is within the limits.
  const char* why() const { return why_; }

 private:
  std::array<std::size_t, kDeepestJson + 2> members_{};
  std::size_t left_;
  const char* why_ = nullptr;
};

// Nothing where the text is no JSON (RFC 8259), or goes beyond the limits.
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

// Bytes that are no UTF-8 (RFC 3629) become U+FFFD: in a server name of a ClientHello, in a header,
// in text that was cut inside a character.
template <class Json>
std::string json_text(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace brownout::codecs
