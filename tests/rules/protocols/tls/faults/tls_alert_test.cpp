#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(TlsAlert, FirstRuleDecides) {
  const auto verdict = shake(R"([[rule]]
fault = { type = "tls_alert", alert = "unknown_ca" }
)"
                             R"([[rule]]
fault = { type = "tls_alert", alert = 80 }
)");
  EXPECT_EQ(verdict.alert, rules::TlsAlert{48});
}

TEST(TlsAlert, AffectsOnlyMatchedClients) {
  const std::string rule = R"([[rule]]
match = { sni = ".example.org", alpn = "h2" }
fault = { type = "tls_alert" }
)";
  EXPECT_EQ(shake(rule).alert, rules::TlsAlert{40});
  EXPECT_FALSE(shake(rule, {.sni = "other.org", .alpn = {"h2"}}).alert);
  EXPECT_FALSE(shake(rule, {.sni = "chat.example.org", .alpn = {}}).alert);
}

TEST(TlsAlert, RejectsUnknownAlertsAndListenersWithoutTls) {
  EXPECT_EQ(first_problem_of(R"([[rule]]
fault = { type = "tls_alert", alert = "bad_certificat" }
)",
                             "tls"),
            "alert: \"bad_certificat\" is not a TLS alert");
  EXPECT_EQ(first_problem_of(R"([[rule]]
fault = { type = "tls_alert" }
)"),
            "fault \"tls_alert\" does not act on listener \"chat\", which is tcp");
  EXPECT_EQ(first_problem_of(R"([[rule]]
match = { sni = "a" }
fault = { type = "latency", delay = "1s" }
)"),
            "no listener that the rule matches has TLS");
}

}  // namespace
}  // namespace brownout::test
