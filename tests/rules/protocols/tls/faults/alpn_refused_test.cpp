#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(AlpnRefused, AffectsOnlyClientsThatOfferAlpn) {
  const std::string rule = R"([[rule]]
fault = { type = "alpn_refused" }
)";
  EXPECT_EQ(shake(rule).alert, rules::TlsAlert{120});
  EXPECT_FALSE(shake(rule, {.sni = "a", .alpn = {}}).alert);
}

}  // namespace
}  // namespace brownout::test
