#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(NoCloseNotify, HitsTheConfiguredShareOfConnections) {
  int hits = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    hits += shake(R"([[rule]]
probability = "50%"
fault = { type = "no_close_notify" }
)",
                  {}, true, seed)
                    .no_close_notify
                ? 1
                : 0;
  }
  EXPECT_NEAR(hits, 100, 30);
}

}  // namespace
}  // namespace brownout::test
