#include <gtest/gtest.h>

#include "tests/support/tls_lab.h"

namespace brownout::test {
namespace {

TEST(BadCertificate, EveryFlawHasAName) {
  for (const auto& [name, flaw] : rules::EnumNames<rules::Flaw>::kValues) {
    const auto verdict = shake(
        "[[rule]]\nfault = { type = \"bad_certificate\", what = \"" + std::string(name) + "\" }",
        {}, true);
    EXPECT_EQ(verdict.flaw, flaw) << name;
  }
}

TEST(BadCertificate, NeedsTermination) {
  EXPECT_EQ(first_problem_of(R"([[rule]]
fault = { type = "bad_certificate", what = "expired" }
)",
                             "tls"),
            "fault \"bad_certificate\" needs a listener that terminates TLS");
}

}  // namespace
}  // namespace brownout::test
