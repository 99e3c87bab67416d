#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(SlowHandshake, DelaysAddUp) {
  EXPECT_EQ(shake(R"([[rule]]
fault = { type = "slow_handshake", delay = "2s" }
)"
                  R"([[rule]]
fault = { type = "slow_handshake", delay = "1s" }
)")
                .delay,
            3s);
  EXPECT_EQ(shake(R"([[rule]]
start = "1s"
fault = { type = "slow_handshake", delay = "1s" }
)")
                .delay,
            0s);
}

}  // namespace
}  // namespace brownout::test
