// Parses and expands the words of $GENERATE, as BIND does: a range of numbers, and text in which
// each number replaces "$". No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/base/result.h"

namespace brownout::codecs {

// A range of numbers with a step, like "1-10" or "0-255/8"; never empty.
struct GenerateRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t step = 1;

  std::uint64_t count() const { return (std::uint64_t{last} - first) / step + 1; }
};
rules::Result<GenerateRange> parse_generate_range(std::string_view word);

// Returns `text` with each "$" and "${offset[,width[,base]]}" replaced by the number. "$$" becomes
// one dollar sign. Backslash escapes are kept as they are.
rules::Result<std::string> generated_text(std::string_view text, std::uint32_t number);

}  // namespace brownout::codecs
