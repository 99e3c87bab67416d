#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(TlsStop, StopsAtTheConfiguredMessage) {
  const auto verdict = shake(R"([[rule]]
fault = { type = "tls_stop", after = "server_hello", how = "rst" }
)");
  EXPECT_EQ(verdict.stop, rules::HandshakeStop::kServerHello);
  EXPECT_EQ(verdict.how, rules::HowToStop::kReset);
  EXPECT_TRUE(verdict.touches_records());
  EXPECT_EQ(shake(R"([[rule]]
fault = { type = "tls_stop" }
)")
                .how,
            rules::HowToStop::kHang);
}

}  // namespace
}  // namespace brownout::test
