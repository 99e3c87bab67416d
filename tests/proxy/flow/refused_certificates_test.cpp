// Tests which clients pass undecrypted after they refused a minted certificate.
#include "proxy/flow/refused_certificates.h"

#include <gmock/gmock.h>
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

TEST(RefusedCertificates, OneUnusedConnectionIsOnlyADoubt) {
  proxy::RefusedCertificates refused;
  const auto unused = [&](const std::string& host, const char* client = "192.0.2.1") {
    rules::FlowFacts flow;
    flow.client = rules::IpAddress::parse(client);
    return refused.unused(host, {flow, host});
  };
  EXPECT_FALSE(unused("pinned.test"));
  EXPECT_FALSE(unused("shop.test"));
  EXPECT_FALSE(unused("once.test"));
  EXPECT_FALSE(unused("pinned.test", "192.0.2.2"));
  EXPECT_TRUE(unused("pinned.test"));
  EXPECT_TRUE(unused("pinned.test"));
  refused.accept(rules::IpAddress::parse("192.0.2.1"), "shop.test");
  EXPECT_FALSE(unused("shop.test"));
  EXPECT_FALSE(unused("shop.test"));
  std::vector<std::string> doubts;
  for (const auto& doubt : refused.take_doubts()) {
    doubts.push_back(to_text(*doubt.flow.client) + " " + doubt.why);
  }
  EXPECT_THAT(doubts, testing::ElementsAre("192.0.2.1 once.test", "192.0.2.2 pinned.test"));
  EXPECT_TRUE(refused.take_doubts().empty());
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
