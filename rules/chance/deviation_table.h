// DeviationTable is a distribution of random delay variation (jitter), read from a netem
// distribution file (tc-netem(8); iproute2 installs such files in /usr/lib/tc). The file has whole
// numbers, separated by blanks or line feeds; 8192 is one standard deviation. The rest of a line
// after # is a comment.
//
//   # normal.dist                    mean + jitter * number / 8192, for each number equally often
//   -32768 -28307 -26871 ...
//
// A table with sorted numbers is an inverse distribution function, so that correlated draws give
// correlated delays. Copies share the numbers. Immutable; any thread.
#pragma once

#include <memory>
#include <vector>

#include "rules/schema/file_text.h"

namespace brownout::rules {

class DeviationTable {
 public:
  static constexpr std::size_t kMost = 16'384;  // NETEM_DIST_MAX of the kernel
  static constexpr double kScale = 8192;        // NETEM_DIST_SCALE

  // An error names the line.
  static Result<DeviationTable> parse(std::string_view text);

  // Returns the deviation for `u` in [0, 1), in standard deviations: from -4 to +4.
  double at(double u) const;
  std::size_t size() const { return numbers_->size(); }

 private:
  std::shared_ptr<const std::vector<std::int16_t>> numbers_;
};

template <>
struct ValueKind<DeviationTable> {
  static std::string name() { return std::string(kFilePath); }
  static Result<DeviationTable> read(const Node& node);
  static std::string print(const DeviationTable&) { return "..."; }
};

}  // namespace brownout::rules
