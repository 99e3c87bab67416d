#include "proxy/rehearsal/numbered.h"

#include <gtest/gtest.h>

#include <limits>

namespace brownout::test {
namespace {

using rehearsal::Attempt;
using rehearsal::ReceivedNumbers;

// Returns the counts of one attempt: sent, lost, duplicated, reordered.
std::string counts(const Attempt& done) {
  return std::to_string(done.sent) + " " + std::to_string(done.lost) + " " +
         std::to_string(done.duplicated) + " " + std::to_string(done.reordered);
}

std::string counts_of(ReceivedNumbers& numbers, const std::vector<std::uint64_t>& came) {
  Attempt done;
  for (const auto number : came) numbers.came(number, done);
  return counts(done);
}

TEST(ReceivedNumbers, TheFirstMessageIsTheFirstThatCounts) {
  ReceivedNumbers numbers;
  EXPECT_EQ(counts_of(numbers, {41, 42}), "2 0 0 0");
  EXPECT_EQ(counts_of(numbers, {43}), "1 0 0 0");
  ReceivedNumbers zero;
  EXPECT_EQ(counts_of(zero, {0, 1}), "2 0 0 0");
}

TEST(ReceivedNumbers, AGapIsLost) {
  ReceivedNumbers numbers;
  Attempt done;
  for (const auto number : {1, 2, 5}) numbers.came(static_cast<std::uint64_t>(number), done);
  EXPECT_EQ(counts(done), "5 2 0 0");
  EXPECT_EQ(done.missing, (std::vector<std::uint64_t>{3, 4}));
}

TEST(ReceivedNumbers, AMessageThatComesLateIsReorderedAndNotLost) {
  ReceivedNumbers numbers;
  EXPECT_EQ(counts_of(numbers, {1, 3, 2, 4}), "4 0 0 1");
  EXPECT_EQ(counts_of(numbers, {6}), "2 1 0 0");
  Attempt later;
  numbers.came(5, later);
  EXPECT_EQ(counts(later), "0 -1 0 1");
  EXPECT_EQ(later.found, (std::vector<std::uint64_t>{5}));
}

TEST(ReceivedNumbers, AMessageThatComesAgainIsADuplicate) {
  ReceivedNumbers numbers;
  EXPECT_EQ(counts_of(numbers, {1, 2, 2, 1, 3}), "3 0 2 0");
}

TEST(ReceivedNumbers, AStreamMayBeginAgainWithZeroOrOne) {
  ReceivedNumbers numbers;
  numbers.begin_again();
  EXPECT_EQ(counts_of(numbers, {2, 3}), "3 1 0 0");
  numbers.begin_again();
  EXPECT_EQ(counts_of(numbers, {1, 2, 4}), "4 1 0 0");
  numbers.begin_again();
  EXPECT_EQ(counts_of(numbers, {0, 1}), "2 0 0 0");
}

// A server may send any number.
TEST(ReceivedNumbers, AHugeGapIsBounded) {
  ReceivedNumbers numbers;
  Attempt done;
  numbers.came(1, done);
  numbers.came(std::numeric_limits<std::uint64_t>::max() - 1, done);
  EXPECT_EQ(counts(done), "1000000002 1000000000 0 0");
  EXPECT_TRUE(done.missing.empty());
}

}  // namespace
}  // namespace brownout::test
