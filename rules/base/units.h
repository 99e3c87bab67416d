// Quantities with units (durations, rates, sizes, ratios), parsed from and printed as the text of a
// rule file.
//
//   Duration   "300ms" "1.5 s" "1m30s"            ns us ms s m h, the largest unit first
//   Rate       "1.5 Mbit/s" "200 KB/s" "64 KiB/s" kbit 1000 bits, KB 1000 bytes, KiB 1024 bytes
//   Bytes      "64 KiB" "1 MB" "512 B"
//   Ratio      "20%" "0.05%", or a number from 0 to 1
//   Frequency  "200/s" "30/m" "5/h"               events per second, minute or hour
//   Multiple   "3x" "0.8x"                        a factor
//
// Parsing rounds only to the resolution of the type (ns, bit/s, byte, 1e-9). Printed values parse
// back to the same value. Negative values are errors. All functions are pure.
//
// Two helpers are also here: count_of() writes a count with its noun, and time_for() computes how
// long bytes take at a rate.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "rules/base/instant.h"
#include "rules/base/result.h"

namespace brownout::rules {

struct Rate {
  std::int64_t bits_per_second = 0;
  friend auto operator<=>(const Rate&, const Rate&) = default;
};

struct Bytes {
  std::int64_t count = 0;
  friend auto operator<=>(const Bytes&, const Bytes&) = default;
};

// A share from 0 to 1, stored as an integer in parts per billion. Integers make the comparison with
// a random number give the same result on every machine.
struct Ratio {
  static constexpr std::int64_t kOne = 1'000'000'000;
  std::int64_t parts_per_billion = 0;

  static constexpr Ratio of(double share) {
    return Ratio{static_cast<std::int64_t>(share * static_cast<double>(kOne) + 0.5)};
  }
  constexpr double share() const {
    return static_cast<double>(parts_per_billion) / static_cast<double>(kOne);
  }
  friend auto operator<=>(const Ratio&, const Ratio&) = default;
};

struct Frequency {
  double per_second = 0;
  friend auto operator<=>(const Frequency&, const Frequency&) = default;
};

struct Multiple {
  double times = 0;
  friend auto operator<=>(const Multiple&, const Multiple&) = default;
};

// Returns a count with its noun: "1 rule", "2 rules".
template <std::integral Number>
std::string count_of(Number count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

Result<Duration> parse_duration(std::string_view text);
Result<Rate> parse_rate(std::string_view text);
Result<Bytes> parse_bytes(std::string_view text);
Result<Ratio> parse_ratio(std::string_view text);

Result<Frequency> parse_frequency(std::string_view text);
Result<Multiple> parse_multiple(std::string_view text);

std::string to_text(Duration value);
std::string to_text(Rate value);
std::string to_text(Bytes value);
std::string to_text(Ratio value);
std::string to_text(Frequency value);
std::string to_text(Multiple value);

// Returns the time needed to send `count` bytes at `rate`, rounded up; Duration::max() if `rate` is
// 0.
Duration time_for(Bytes count, Rate rate);

}  // namespace brownout::rules
