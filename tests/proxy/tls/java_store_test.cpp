// Tests the trust store that Java gets: its layout, and the certificates in it. Java itself reads
// one in tests/e2e/https_test.sh.
#include "proxy/tls/java_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/tls/authority.h"

namespace brownout::test {
namespace {

TEST(JavaStore, HasEachCertificateOfTheBundle) {
  const auto ca = tls::Authority::temporary().pem();
  const auto other = tls::Authority::unknown().pem();
  const auto store = tls::java_trust_store("# a comment\n" + ca + "\n" + other);
  EXPECT_EQ(store.substr(0, 12), std::string("\xfe\xed\xfe\xed\0\0\0\2\0\0\0\2", 12));
  EXPECT_THAT(store, testing::HasSubstr("X.509"));
  EXPECT_THAT(store, testing::HasSubstr("for one command only"));
  EXPECT_THAT(store, testing::HasSubstr("that no client trusts"));
}

TEST(JavaStore, IsValidWithoutCertificates) {
  // The head, and the digest of SHA-1.
  EXPECT_EQ(tls::java_trust_store("").size(), 12U + 20U);
  EXPECT_EQ(tls::java_trust_store("no certificate").size(), 12U + 20U);
}

}  // namespace
}  // namespace brownout::test
