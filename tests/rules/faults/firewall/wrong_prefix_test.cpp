#include <gtest/gtest.h>

#include "tests/support/firewall_lab.h"

namespace brownout::test {
namespace {

TEST(WrongPrefix, ANarrowedPrefixLocksClientsOut) {
  const FirewallLab lab(edge() +
                        "[[rule]]\nfault = { type = \"wrong_prefix\", line = 1, length = 24 }");
  EXPECT_EQ(lab.connect("10.1.0.3"), "accept");
  EXPECT_EQ(lab.connect("10.1.2.3"), "drop");
}

TEST(WrongPrefix, AWidenedPrefixLetsClientsIn) {
  const FirewallLab lab(edge() + "[[rule]]\nfault = { type = \"wrong_prefix\", length = 8 }");
  EXPECT_EQ(lab.connect("10.99.2.3"), "accept");
  EXPECT_EQ(lab.connect("11.1.2.3"), "drop");
}

TEST(WrongPrefix, ChangesAllPrefixesOfALine) {
  const FirewallLab lab(edge() +
                        "[[rule]]\nfault = { type = \"wrong_prefix\", line = 2, length = 24 }");
  EXPECT_EQ(lab.connect("192.0.2.200", {}, 80), "accept");
}

}  // namespace
}  // namespace brownout::test
