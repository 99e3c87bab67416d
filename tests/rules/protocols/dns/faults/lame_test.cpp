#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Lame, RefersToTheRoot) {
  DnsLab lab("[[rule]]\nfault = { type = \"lame\" }");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR | NS/60");
}

TEST(Lame, LoopRefersToNameServersInsideTheZone) {
  DnsLab lab("[[rule]]\nfault = { type = \"lame\", how = \"loop\" }");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR | NS/60 NS/60");
  EXPECT_EQ(lab.ask("org"), "NOERROR | NS/60 NS/60");
}

}  // namespace
}  // namespace brownout::test
