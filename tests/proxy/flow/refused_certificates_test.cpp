// Tests which clients pass undecrypted after they refused a minted certificate.
#include "proxy/flow/refused_certificates.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

TEST(RefusedCertificates, RemembersTheClientAndTheHost) {
  proxy::RefusedCertificates refused;
  const auto client = rules::IpAddress::parse("192.0.2.1");
  refused.add(client, "api.test");
  EXPECT_TRUE(refused.has(client, "api.test"));
  EXPECT_FALSE(refused.has(client, "b.test"));
  EXPECT_FALSE(refused.has(rules::IpAddress::parse("192.0.2.2"), "api.test"));
  EXPECT_FALSE(refused.has(std::nullopt, "api.test"));
}

TEST(RefusedCertificates, ForgetsTheOldest) {
  proxy::RefusedCertificates refused;
  for (std::size_t i = 0; i <= proxy::RefusedCertificates::kMost; ++i) {
    refused.add(std::nullopt, std::to_string(i));
    refused.add(std::nullopt, std::to_string(i));
  }
  EXPECT_FALSE(refused.has(std::nullopt, "0"));
  EXPECT_TRUE(refused.has(std::nullopt, "1"));
}

}  // namespace
}  // namespace brownout::test
