#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(CorruptRecord, EarliestRecordWins) {
  const auto verdict = shake(R"([[rule]]
fault = { type = "corrupt_record", after = "2 KB" }
)"
                             R"([[rule]]
fault = { type = "corrupt_record", after = "1 KB" }
)");
  EXPECT_EQ(verdict.corrupt_behind, rules::Bytes{1000});
}

}  // namespace
}  // namespace brownout::test
