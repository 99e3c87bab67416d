#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(TlsVersion, OldestVersionWins) {
  const auto verdict = shake(R"([[rule]]
fault = { type = "tls_version", most = "1.2" }
)"
                             R"([[rule]]
fault = { type = "tls_version", most = "1.0" }
)",
                             {}, true);
  EXPECT_EQ(verdict.most, rules::TlsVersion::k10);
}

TEST(TlsVersion, NeedsTermination) {
  EXPECT_EQ(first_problem_of(R"([[rule]]
fault = { type = "tls_version", most = "1.2" }
)",
                             "tls"),
            "fault \"tls_version\" needs a listener that terminates TLS");
}

}  // namespace
}  // namespace brownout::test
