#include "rules/rehearsal/failure_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using namespace std::chrono_literals;
using rules::FailureLog;
using rules::Operation;

Operation failed(const std::string& why) {
  Operation operation;
  operation.why = why;
  return operation;
}

TEST(FailureLog, CountsFailuresByKindAndPhase) {
  FailureLog log;
  log.add(1, failed("reset"));
  log.add(1, failed("reset"));
  log.add(2, failed("reset"));
  log.add(2, failed("timeout"));
  Operation good;
  good.ok = true;
  log.add(2, good);
  EXPECT_EQ(log.kinds().at("reset").at(1), 2U);
  EXPECT_EQ(log.kinds().at("reset").at(2), 1U);
  EXPECT_EQ(log.kinds().at("timeout").size(), 1U);
  EXPECT_EQ(log.kinds().size(), 2U);
}

TEST(FailureLog, KindsAreBounded) {
  FailureLog log;
  for (std::size_t i = 0; i < 3 * FailureLog::kMostKinds; ++i)
    log.add(0, failed(std::to_string(i)));
  EXPECT_LE(log.kinds().size(), FailureLog::kMostKinds + 1);
  EXPECT_EQ(log.kinds().at("other reasons").at(0), 2 * FailureLog::kMostKinds);
}

TEST(FailureLog, SaysWhichUserLostWhichMessageWhen) {
  FailureLog log;
  Operation operation;
  operation.user = 4;
  operation.ended = 7s;
  operation.missing = {12, 13};
  log.add(0, operation);
  operation.ended = 9s;
  operation.missing = {};
  operation.found = {13};
  log.add(0, operation);
  ASSERT_EQ(log.losses().size(), 2U);
  EXPECT_EQ(log.losses()[0].user, 4U);
  EXPECT_EQ(log.losses()[0].message, 12U);
  EXPECT_EQ(log.losses()[0].at, 7s);
  EXPECT_FALSE(log.losses()[0].found);
  EXPECT_EQ(log.losses()[1].found, 9s);
}

TEST(FailureLog, LossesAreBoundedAndTheRestIsCounted) {
  FailureLog log;
  Operation operation;
  operation.missing = std::vector<std::uint64_t>(FailureLog::kMostLosses + 5, 1);
  log.add(0, operation);
  EXPECT_EQ(log.losses().size(), FailureLog::kMostLosses);
  EXPECT_EQ(log.losses_left_out(), 5U);
}

}  // namespace
}  // namespace brownout::test
