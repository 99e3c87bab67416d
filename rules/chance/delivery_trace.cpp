#include "rules/chance/delivery_trace.h"

#include <algorithm>

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kTraceHint =
    "write the time of one packet in each line, in whole milliseconds, at most 86400000 (a day), "
    "as in the traces of mahimahi";

Result<void> read_time(std::size_t number, std::string_view line,
                       std::vector<std::uint32_t>& into) {
  const auto word = take_word(line);
  if (word.empty()) return {};
  const auto time = parse_whole_number(word, DeliveryTrace::kLatest);
  if (!time) {
    return error_in_line(number, word, "is not a time in milliseconds", std::string(kTraceHint));
  }
  if (const auto more = take_word(line); !more.empty()) {
    return error_in_line(number, more, "is a second word in this line", std::string(kTraceHint));
  }
  if (!into.empty() && *time < into.back()) {
    return error_in_line(number, word, "is less than the time before it",
                         "times never decrease; the trace repeats by itself");
  }
  if (into.size() == DeliveryTrace::kMost) {
    return config_error(
        "line " + std::to_string(number) + ": the trace has more than 1000000 times",
        "use a part of the recording");
  }
  into.push_back(*time);
  return {};
}

}  // namespace

Result<DeliveryTrace> DeliveryTrace::parse(std::string_view text) {
  std::vector<std::uint32_t> times;
  if (const auto read = read_lines(text, times, read_time); !read) {
    return tl::unexpected(read.error());
  }
  if (times.empty()) return config_error("the trace has no times", std::string(kTraceHint));
  if (times.back() == 0) {
    return config_error(
        "the last time of the trace is 0, so the trace has no length",
        "give a last time above 0: it is the length of the trace, which then repeats");
  }
  DeliveryTrace trace;
  trace.times_ = std::make_shared<const std::vector<std::uint32_t>>(std::move(times));
  return trace;
}

Duration DeliveryTrace::at(std::uint64_t opportunity) const {
  const auto repetition = static_cast<std::int64_t>(opportunity / size());
  return sum(times(period(), repetition),
             std::chrono::milliseconds((*times_)[opportunity % size()]));
}

std::uint64_t DeliveryTrace::first_from(Duration time) const {
  auto repetition = static_cast<std::uint64_t>(time / period());
  auto rest = time % period();
  // The end of a repetition is also the beginning of the next one. The opportunities at the end of
  // the repetition come first.
  if (rest == Duration::zero() && repetition > 0) {
    --repetition;
    rest = period();
  }
  const auto least = std::chrono::ceil<std::chrono::milliseconds>(rest).count();
  const auto found = std::lower_bound(times_->begin(), times_->end(), least);
  return repetition * size() + static_cast<std::uint64_t>(found - times_->begin());
}

Result<DeliveryTrace> ValueKind<DeliveryTrace>::read(const Node& node) {
  return parsed_file<DeliveryTrace>(node);
}

}  // namespace brownout::rules
