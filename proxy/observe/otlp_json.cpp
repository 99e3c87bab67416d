#include "proxy/observe/otlp_json.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "proxy/formats/json_text.h"
#include "rules/base/hex_digit.h"

namespace brownout::proxy {
namespace {

// Values of enumerations in opentelemetry-proto.
constexpr int kOtlpInternalSpan = 1;
constexpr int kOtlpErrorStatus = 2;

// Members of an event and their names in OpenTelemetry's semantic conventions. Each other member
// gets the name "brownout.NAME".
constexpr std::array kOtlpNames{
    std::pair<std::string_view, std::string_view>{"client", "client.address"},
    std::pair<std::string_view, std::string_view>{"method", "http.request.method"},
    std::pair<std::string_view, std::string_view>{"path", "url.path"},
    std::pair<std::string_view, std::string_view>{"host", "server.address"},
    std::pair<std::string_view, std::string_view>{"status", "http.response.status_code"},
    std::pair<std::string_view, std::string_view>{"qname", "dns.question.name"}};

std::string otlp_name_of(const std::string& key) {
  const auto named = std::find_if(kOtlpNames.begin(), kOtlpNames.end(),
                                  [&](const auto& pair) { return pair.first == key; });
  return named != kOtlpNames.end() ? std::string(named->second) : "brownout." + key;
}

std::string text_in(const OtlpObject& event, const char* key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of(rules::kHexDigits) == std::string_view::npos;
}

bool is_otlp_id(std::string_view text, std::size_t size) {
  return text.size() == size && is_lower_hex(text) &&
         text.find_first_not_of('0') != std::string_view::npos;
}

struct OtlpParent {
  std::string trace;  // 32 hexadecimal digits
  std::string span;   // 16 hexadecimal digits, or ""
};

// Parses a `traceparent` header: VERSION-TRACE-PARENT-FLAGS (W3C Trace Context, 3.2). A later
// version may have more parts; version ff does not exist.
std::optional<OtlpParent> parent_in_traceparent(std::string_view text) {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const auto version = text.substr(0, 2);
  if (!is_lower_hex(version) || version == "ff" || !is_lower_hex(text.substr(53, 2))) return {};
  if (text.size() > 55 && (version == "00" || text[55] != '-')) return {};
  const OtlpParent parent{std::string(text.substr(3, 32)), std::string(text.substr(36, 16))};
  if (!is_otlp_id(parent.trace, 32) || !is_otlp_id(parent.span, 16)) return {};
  return parent;
}

// Parses a `b3` header: TRACE-SPAN and optional further parts. TRACE has 32 or 16 digits.
std::optional<OtlpParent> parent_in_b3(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  auto trace = std::string(text.substr(0, dash));
  const auto span = text.substr(dash + 1, 16);
  if (trace.size() == 16) trace.insert(0, 16, '0');
  if (!is_otlp_id(trace, 32) || !is_otlp_id(span, 16)) return {};
  return OtlpParent{std::move(trace), std::string(span)};
}

OtlpParent otlp_parent_of(const OtlpObject& event, const OtlpSource& source) {
  if (auto parent = parent_in_traceparent(text_in(event, "traceparent"))) return *parent;
  if (auto parent = parent_in_b3(text_in(event, "b3"))) return *parent;
  const auto flow = event.value("flow", OtlpObject()).dump() + " " + text_in(event, "listener");
  // Sets a bit of the run's number, since a trace id must not be zero and the hash may be zero.
  return {fmt::format("{:016x}{:016x}", source.run | 1, std::hash<std::string>()(flow)), ""};
}

std::optional<OtlpObject> otlp_span(const OtlpObject& event, const OtlpSource& source) {
  const auto begin = unix_nanoseconds(text_in(event, "time"));
  if (begin == 0) return std::nullopt;
  auto kind = text_in(event, "event");
  const auto why = text_in(event, "why");
  if (kind.empty()) kind = text_in(event, "fault") + " " + text_in(event, "action");
  const auto parent = otlp_parent_of(event, source);
  const auto id = std::hash<std::string>()(codecs::json_text(event)) ^ source.run;
  const auto delay = event.find("delay_ms");
  const bool delays = delay != event.end() && delay->is_number();
  const auto took = delays ? std::llround(std::clamp(delay->get<double>(), 0.0, 1e12) * 1e6) : 0;
  OtlpObject span{{"traceId", parent.trace}, {"spanId", fmt::format("{:016x}", id | 1)}};
  if (!parent.span.empty()) span["parentSpanId"] = parent.span;
  span["name"] = kind;
  span["kind"] = kOtlpInternalSpan;
  span["startTimeUnixNano"] = std::to_string(begin);
  span["endTimeUnixNano"] = std::to_string(begin + took);
  auto& attributes = span["attributes"] = OtlpObject::array();
  for (const auto& [key, value] : event.items()) {
    if (key == "time" || key == "traceparent" || key == "b3") continue;
    attributes.push_back(otlp_attribute(otlp_name_of(key), value));
  }
  if (!why.empty()) span["status"] = {{"code", kOtlpErrorStatus}, {"message", why}};
  return span;
}

}  // namespace

std::int64_t unix_nanoseconds(std::string_view time) {
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = -1;
    const auto* begin = time.data() + at;
    const auto read = std::from_chars(begin, begin + size, value);
    return read.ptr == begin + size ? value : -1;
  };
  if (time.size() < 20 || time[4] != '-' || time[7] != '-' || time[10] != 'T' || time[13] != ':' ||
      time[16] != ':' || time.back() != 'Z') {
    return 0;
  }
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (year < 1970 || month < 1 || day < 1 || !date.ok()) return 0;
  std::int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * 86'400LL;
  for (const auto& [at, weight] : {std::pair{11, 3600}, {14, 60}, {17, 1}}) {
    const auto part = number(static_cast<std::size_t>(at), 2);
    if (part < 0) return 0;
    seconds += part * weight;
  }
  std::int64_t fraction = 0;
  if (time.size() > 20) {
    const auto digits = std::min<std::size_t>(time.size() - 21, 9);
    fraction = number(20, digits);
    if (time[19] != '.' || digits == 0 || fraction < 0) return 0;
    for (auto i = digits; i < 9; ++i) fraction *= 10;
  }
  // Later times in nanoseconds do not fit into 64 bits.
  if (year > 2261) return 0;
  return seconds * 1'000'000'000 + fraction;
}

std::string otlp_traces(std::string_view lines, const OtlpSource& source) {
  auto spans = OtlpObject::array();
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const auto event = codecs::read_json<OtlpObject>(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!event || !event->is_object()) continue;
    if (auto span = otlp_span(*event, source)) spans.push_back(std::move(*span));
  }
  if (spans.empty()) return {};
  return otlp_request({"resourceSpans", "scopeSpans", "spans"}, std::move(spans), source);
}

}  // namespace brownout::proxy
