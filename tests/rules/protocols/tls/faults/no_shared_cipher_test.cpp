#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(NoSharedCipher, IsAHandshakeFailure) {
  EXPECT_EQ(shake(R"([[rule]]
fault = { type = "no_shared_cipher" }
)")
                .alert,
            rules::TlsAlert{40});
}

}  // namespace
}  // namespace brownout::test
