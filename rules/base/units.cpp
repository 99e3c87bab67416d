#include "rules/base/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "rules/base/diagnostics.h"
#include "rules/base/find_named.h"

namespace brownout::rules {
namespace {

struct NamedUnit {
  std::string_view name;
  double factor;
};

// Several units may have the same factor. Printing uses the first of them; parsing accepts all.
constexpr std::array<NamedUnit, 8> kDurations{{{"h", 3600e9},
                                               {"m", 60e9},
                                               {"min", 60e9},
                                               {"s", 1e9},
                                               {"ms", 1e6},
                                               {"us", 1e3},
                                               {"\u00b5s", 1e3},
                                               {"ns", 1}}};
constexpr std::array<NamedUnit, 17> kRates{{{"Gbit/s", 1e9},
                                            {"Mbit/s", 1e6},
                                            {"kbit/s", 1e3},
                                            {"bit/s", 1},
                                            {"Gbps", 1e9},
                                            {"Mbps", 1e6},
                                            {"kbps", 1e3},
                                            {"bps", 1},
                                            {"Kbit/s", 1e3},
                                            {"GiB/s", 8.0 * 1024 * 1024 * 1024},
                                            {"MiB/s", 8.0 * 1024 * 1024},
                                            {"KiB/s", 8.0 * 1024},
                                            {"GB/s", 8e9},
                                            {"MB/s", 8e6},
                                            {"KB/s", 8e3},
                                            {"kB/s", 8e3},
                                            {"B/s", 8}}};
constexpr std::array<NamedUnit, 8> kBytes{{{"GiB", 1024.0 * 1024 * 1024},
                                           {"MiB", 1024.0 * 1024},
                                           {"KiB", 1024.0},
                                           {"GB", 1e9},
                                           {"MB", 1e6},
                                           {"KB", 1e3},
                                           {"kB", 1e3},
                                           {"B", 1}}};

std::string_view trim_front(std::string_view text) {
  const auto start = text.find_first_not_of(' ');
  return start == std::string_view::npos ? std::string_view{} : text.substr(start);
}

struct Quantity {
  double number;
  std::string_view unit;
  std::string_view rest;
};

// Parses a number and its unit ("12.5 Mbit/s") at the front of `text`.
std::optional<Quantity> take_quantity(std::string_view text) {
  text = trim_front(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number)) return std::nullopt;
  text = trim_front(text.substr(static_cast<std::size_t>(end - text.data())));
  const auto stop = text.find_first_of("0123456789. ");
  const auto unit = text.substr(0, stop);
  return Quantity{number, unit, text.substr(unit.size())};
}

// Slightly below the int64 limit, and exactly representable as a double.
constexpr double kLargest = 9.2e18;

Result<std::int64_t> parse_one(std::string_view text, std::span<const NamedUnit> units,
                               std::string_view kind, std::string_view allowed) {
  const auto found = take_quantity(text);
  const auto hint = "write " + std::string(allowed);
  if (!found || !trim_front(found->rest).empty()) {
    return config_error(in_quotes(text) + " is not a " + std::string(kind), hint);
  }
  const NamedUnit* unit = find_named(units, found->unit);
  if (unit == nullptr) {
    const auto what = found->unit.empty()
                          ? in_quotes(text) + " has no unit"
                          : "unknown unit " + in_quotes(found->unit) + " in " + in_quotes(text);
    return config_error(what, hint);
  }
  const double value = found->number * unit->factor;
  if (value < 0) return config_error(in_quotes(text) + " is negative", hint);
  if (value > kLargest) return config_error(in_quotes(text) + " is too large", hint);
  return std::llround(value);
}

// Prints `value` in the largest unit in which it needs at most two decimal places (no decimal
// places if `fractions` is false).
std::string print(std::int64_t value, std::span<const NamedUnit> units, bool fractions = true) {
  for (const auto& unit : units) {
    const auto factor = static_cast<std::int64_t>(unit.factor);
    if (value < factor && unit.factor > 1) continue;
    const std::int64_t scaled = value / factor;
    const std::int64_t rest = value % factor;
    if (rest == 0) return std::to_string(scaled) + std::string(unit.name);
    if (fractions && (rest * 100) % factor == 0) {
      std::string digits = std::to_string(rest * 100 / factor);
      if (digits.size() == 1) digits.insert(0, "0");
      while (digits.back() == '0') digits.pop_back();
      return std::to_string(scaled) + "." + digits + std::string(unit.name);
    }
  }
  return "0" + std::string(units.back().name);
}

// Returns the shortest decimal text that parses back to exactly the same number.
std::string shortest(double value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} ? std::string(digits.data(), end) : "?";
}

constexpr std::string_view kDurationForm = R"(a number and ns, us, ms, s, m or h, e.g. "300ms")";

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  double total = 0;
  double smallest = INFINITY;
  auto rest = trim_front(text);
  if (rest == "0") return Duration::zero();
  if (rest.empty()) {
    return config_error(in_quotes(text) + " is not a duration",
                        "write " + std::string(kDurationForm));
  }
  while (!rest.empty()) {
    const auto part = take_quantity(rest);
    const auto whole = part ? rest.substr(0, rest.size() - part->rest.size()) : rest;
    const auto value = parse_one(whole, kDurations, "duration", kDurationForm);
    if (!value)
      return tl::unexpected(Error{value.error().origin, value.error().what, value.error().hint});
    const NamedUnit* unit = find_named(kDurations, part->unit);
    if (unit->factor >= smallest) {
      return config_error(in_quotes(text) + " is not a duration",
                          R"(write each unit once, the largest first, e.g. "1m30s")");
    }
    smallest = unit->factor;
    total += static_cast<double>(*value);
    rest = trim_front(part->rest);
  }
  if (total > kLargest) return config_error(in_quotes(text) + " is too large", "at most 2500000h");
  return Duration(std::llround(total));
}

Result<Rate> parse_rate(std::string_view text) {
  return parse_one(text, kRates, "rate",
                   R"(a number and bit/s, kbit/s, Mbit/s, Gbit/s or B/s, KB/s, KiB/s, MB/s, MiB/s)"
                   R"(, e.g. "1.5 Mbit/s")")
      .map([](std::int64_t value) { return Rate{value}; });
}

Result<Bytes> parse_bytes(std::string_view text) {
  return parse_one(text, kBytes, "size",
                   R"(a number and B, KB, KiB, MB, MiB, GB or GiB, e.g. "64 KiB")")
      .map([](std::int64_t value) { return Bytes{value}; });
}

Result<Ratio> parse_ratio(std::string_view text) {
  constexpr std::string_view kForm = R"(write a percentage from "0%" to "100%")";
  const auto found = take_quantity(text);
  if (!found || found->unit != "%" || !trim_front(found->rest).empty()) {
    return config_error(in_quotes(text) + " is not a percentage", std::string(kForm));
  }
  if (found->number < 0 || found->number > 100) {
    return config_error(in_quotes(text) + " is out of range", std::string(kForm));
  }
  return Ratio::of(found->number / 100);
}

Result<Frequency> parse_frequency(std::string_view text) {
  constexpr double kMost = 1e9;
  constexpr std::string_view kForm =
      R"(write a number per second, minute or hour, e.g. "200/s", "30/m" or "5/h")";
  const auto found = take_quantity(text);
  double seconds = 0;
  if (found && found->unit == "/s") seconds = 1;
  if (found && found->unit == "/m") seconds = 60;
  if (found && found->unit == "/h") seconds = 3600;
  if (seconds == 0 || !trim_front(found->rest).empty()) {
    return config_error(in_quotes(text) + " is not a frequency", std::string(kForm));
  }
  if (found->number <= 0 || found->number > kMost) {
    return config_error(in_quotes(text) + " is out of range", "more than 0, at most 1000000000/s");
  }
  return Frequency{found->number / seconds};
}

Result<Multiple> parse_multiple(std::string_view text) {
  constexpr double kMost = 1e6;
  const auto found = take_quantity(text);
  if (!found || found->unit != "x" || !trim_front(found->rest).empty() || found->number < 0 ||
      found->number > kMost) {
    return config_error(in_quotes(text) + " is not a multiple",
                        R"(write a factor, e.g. "3x" or "0.8x")");
  }
  return Multiple{found->number};
}

std::string to_text(Duration value) {
  if (value == Duration::zero()) return "0s";
  return print(value.count(), kDurations);
}

std::string to_text(Rate value) {
  auto text = print(value.bits_per_second, kRates);
  text.insert(text.find_first_not_of("0123456789."), " ");
  return text;
}

std::string to_text(Bytes value) {
  auto text = print(value.count, kBytes, false);
  text.insert(text.find_first_not_of("0123456789."), " ");
  return text;
}

std::string to_text(Ratio value) { return shortest(value.share() * 100) + "%"; }
std::string to_text(Frequency value) { return shortest(value.per_second) + "/s"; }
std::string to_text(Multiple value) { return shortest(value.times) + "x"; }

Duration time_for(Bytes count, Rate rate) {
  if (rate.bits_per_second <= 0) return Duration::max();
  __extension__ using Wide = __int128;
  const Wide bits = static_cast<Wide>(count.count) * 8;
  const Wide nanoseconds = (bits * 1'000'000'000 + rate.bits_per_second - 1) / rate.bits_per_second;
  constexpr auto kMost = static_cast<Wide>(Duration::max().count());
  return nanoseconds > kMost ? Duration::max() : Duration(static_cast<std::int64_t>(nanoseconds));
}

}  // namespace brownout::rules
