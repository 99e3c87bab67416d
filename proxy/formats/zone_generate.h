// What $GENERATE makes of its words, as BIND does: a range of numbers, and texts in which each
// number takes the place of "$". No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/base/result.h"

namespace brownout::codecs {

// "1-10", "0-255/8"; not empty.
struct GenerateRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t step = 1;

  std::uint64_t count() const { return (std::uint64_t{last} - first) / step + 1; }
};
rules::Result<GenerateRange> parse_generate_range(std::string_view word);

// `text` with the number instead of each "$" and "${offset[,width[,base]]}". "$$" is a dollar sign;
// what a backslash escapes stays as it is, with the backslash.
rules::Result<std::string> generated_text(std::string_view text, std::uint32_t number);

}  // namespace brownout::codecs
