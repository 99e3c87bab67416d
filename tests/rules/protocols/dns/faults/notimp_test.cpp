#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Notimp, AnswersOnlyQueriesOverTheMatchedTransport) {
  DnsLab lab("[[rule]]\nmatch = { transport = \"tcp\" }\nfault = { type = \"notimp\" }");
  EXPECT_EQ(lab.ask_tcp("chat.example.org"), "NOTIMP");
  EXPECT_NE(lab.ask("chat.example.org"), "NOTIMP");
}

}  // namespace
}  // namespace brownout::test
