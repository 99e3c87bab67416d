#include <gtest/gtest.h>

#include "tests/support/firewall_lab.h"

namespace brownout::test {
namespace {

TEST(StaleAllowlist, AMissingAddressIsDropped) {
  const FirewallLab lab(
      edge() + "[[rule]]\nfault = { type = \"stale_allowlist\", address = \"192.0.2.11\" }");
  EXPECT_EQ(lab.connect("192.0.2.10"), "accept");
  EXPECT_EQ(lab.connect("192.0.2.11"), "drop");
}

TEST(StaleAllowlist, APrefixIsExcludedFromABroaderOne) {
  const FirewallLab lab(
      edge() + "[[rule]]\nfault = { type = \"stale_allowlist\", address = \"10.1.7.0/24\" }");
  EXPECT_EQ(lab.connect("10.1.7.3"), "drop");
  EXPECT_EQ(lab.connect("10.1.8.3"), "accept");
}

TEST(StaleAllowlist, ALineThatLosesItsLastAddressIsRemoved) {
  const FirewallLab lab(
      edge() + "[[rule]]\nfault = { type = \"stale_allowlist\", address = \"10.0.0.0/8\" }");
  EXPECT_EQ(lab.connect("10.1.7.3"), "drop");
  EXPECT_EQ(lab.connect("172.16.0.1"), "drop");
  EXPECT_EQ(lab.connect("192.0.2.10"), "accept");
}

}  // namespace
}  // namespace brownout::test
