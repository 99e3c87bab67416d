#include "rules/chance/deviation_table.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace brownout::rules {
namespace {

constexpr std::string_view kTableHint =
    "write whole numbers from -32768 to 32767, where 8192 is one standard deviation, as in the "
    "files of tc-netem(8)";

// Parses the numbers in one line. Returns an error for the first word that is not a number in
// range.
Result<void> read_numbers(std::size_t number, std::string_view line,
                          std::vector<std::int16_t>& into) {
  for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
    std::int16_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
      const bool range = error == std::errc::result_out_of_range;
      return error_in_line(number, word, range ? "is out of range" : "is not a whole number",
                           std::string(kTableHint));
    }
    if (into.size() == DeviationTable::kMost) {
      return config_error(
          "line " + std::to_string(number) + ": the table has more than 16384 numbers",
          "netem reads no more: remove numbers, evenly over the whole file");
    }
    into.push_back(value);
  }
  return {};
}

}  // namespace

Result<DeviationTable> DeviationTable::parse(std::string_view text) {
  std::vector<std::int16_t> numbers;
  if (const auto read = read_lines(text, numbers, read_numbers); !read) {
    return tl::unexpected(read.error());
  }
  if (numbers.empty()) return config_error("the table has no numbers", std::string(kTableHint));
  DeviationTable table;
  table.numbers_ = std::make_shared<const std::vector<std::int16_t>>(std::move(numbers));
  return table;
}

double DeviationTable::at(double u) const {
  const auto count = numbers_->size();
  const auto index = static_cast<std::size_t>(u * static_cast<double>(count));
  return (*numbers_)[std::min(index, count - 1)] / kScale;
}

Result<DeviationTable> ValueKind<DeviationTable>::read(const Node& node) {
  return parsed_file<DeviationTable>(node);
}

}  // namespace brownout::rules
