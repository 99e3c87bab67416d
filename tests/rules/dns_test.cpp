// Names, types, zones: what the DNS faults stand on.
#include "rules/dns.h"

#include <gtest/gtest.h>

#include "rules/dns_zone.h"
#include "rules/name_pattern.h"
#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

using namespace rules;

bool matches(const std::string& pattern, const std::string& name) {
  return NamePattern::parse(pattern)->matches(name);
}

TEST(NamePattern, ExactSuffixAndGlob) {
  EXPECT_TRUE(matches("Chat.Example.ORG.", "chat.example.org"));
  EXPECT_FALSE(matches("chat.example.org", "a.chat.example.org"));
  EXPECT_TRUE(matches(".example.org", "example.org"));
  EXPECT_TRUE(matches(".example.org", "a.b.example.org"));
  EXPECT_FALSE(matches(".example.org", "badexample.org"));
  EXPECT_TRUE(matches("*.example.org", "a.b.example.org"));
  EXPECT_FALSE(matches("*.example.org", "example.org"));
  EXPECT_TRUE(matches("edge-?-eu*.org", "edge-7-eu-west.example.org"));
  EXPECT_TRUE(matches("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(matches("*a*b*", "xxbxxaxx"));
  EXPECT_TRUE(matches(".", "anything"));
}

TEST(NamePattern, NamesAsTheyAreCompared) {
  EXPECT_EQ(canonical_name("Chat.Example.ORG."), "chat.example.org");
  EXPECT_EQ(canonical_name("."), "");
  EXPECT_EQ(canonical_name("a\\."), "a\\.");
  EXPECT_EQ(parent_name("chat.example.org"), "example.org");
  EXPECT_EQ(parent_name("org"), "");
}

TEST(NamePattern, AHostileGlobTakesNoTime) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(matches(pattern + "b", std::string(250, 'a')));
}

TEST(NamePattern, WhatIsNoNameIsAMistake) {
  for (const auto* bad : {"", "a b", "http://a", "a:53"})
    EXPECT_FALSE(NamePattern::parse(bad)) << bad;
}

TEST(DnsType, NamesAndNumbers) {
  EXPECT_EQ(parse_dns_type("aaaa"), DnsType::kAaaa);
  EXPECT_EQ(rules::to_text(*parse_dns_type("TYPE65534")), "TYPE65534");
  EXPECT_FALSE(parse_dns_type("TYPE65536"));
  EXPECT_FALSE(parse_dns_type("TYPE"));
}

DnsRecord soa(const std::string& name) {
  return {.name = name, .type = DnsType::kSoa, .ttl = 300, .rdata = std::vector<std::uint8_t>(22)};
}
DnsRecord cname(const std::string& name, std::vector<std::uint8_t> target) {
  return {.name = name, .type = DnsType::kCname, .ttl = 30, .rdata = std::move(target)};
}
DnsRecord address(const std::string& name, const std::string& ip) {
  return address_record(name, *IpAddress::parse(ip), 60);
}
std::string ask(const DnsZone& zone, const std::string& name, DnsType type = DnsType::kA) {
  const auto reply = zone.answer({name, type, 1});
  return reply ? to_text(*reply) : "(unknown)";
}

TEST(DnsZone, AnswersWhatItHas) {
  const DnsZone zone({soa("lab"), address("Chat.lab", "192.0.2.1"),
                      address("*.wild.lab", "192.0.2.9"), address("real.wild.lab", "192.0.2.8"),
                      cname("www.lab", {4, 'c', 'h', 'a', 't', 3, 'l', 'a', 'b', 0})});
  EXPECT_EQ(ask(zone, "chat.lab"), "NOERROR 192.0.2.1/60");
  EXPECT_EQ(ask(zone, "www.lab"), "NOERROR CNAME/30 192.0.2.1/60");
  EXPECT_EQ(ask(zone, "www.lab", DnsType::kCname), "NOERROR CNAME/30");
  EXPECT_EQ(ask(zone, "a.b.wild.lab"), "NOERROR 192.0.2.9/60");
  EXPECT_EQ(ask(zone, "real.wild.lab"), "NOERROR 192.0.2.8/60");
  EXPECT_EQ(ask(zone, "chat.lab", DnsType::kAaaa), "NOERROR | SOA/300");
  EXPECT_EQ(ask(zone, "wild.lab"), "NOERROR | SOA/300");
  EXPECT_EQ(ask(zone, "none.lab"), "NXDOMAIN | SOA/300");
  EXPECT_EQ(ask(zone, "example.org"), "(unknown)");
}

TEST(DnsZone, ACircleOfAliasesEnds) {
  const DnsZone zone({cname("a", {1, 'b', 0}), cname("b", {1, 'a', 0})});
  EXPECT_EQ(ask(zone, "a").find("NOERROR CNAME/30"), 0U);
}

TEST(DnsRules, LatencyDelaysAnswersAndTimeoutKeepsSilent) {
  DnsLab late("[[rule]]\nfault = { type = \"latency\", delay = \"300ms\" }");
  EXPECT_EQ(late.ask("nothing.org"), "+300ms NOERROR");
  DnsLab silent("[[rule]]\nfault = { type = \"timeout\" }");
  EXPECT_EQ(silent.ask("nothing.org"), "(silence)");
}

TEST(DnsRules, WhatDoesNotFitIsAMistake) {
  EXPECT_EQ(
      first_problem_of("[[rule]]\nmatch = { qname = \"a.org\" }\nfault = { type = \"refuse\" }"),
      "fault \"refuse\" does not act on DNS queries");
  EXPECT_EQ(first_problem_of("[[rule]]\nper = \"second\"\nfault = { type = \"servfail\" }", "dns"),
            "fault \"servfail\" acts on one query");
  EXPECT_EQ(
      first_problem_of("[[rule]]\nper = \"query\"\nfault = { type = \"slicer\", size = \"1 KB\" }"),
      "fault \"slicer\" cannot be drawn per query");
  EXPECT_EQ(
      first_problem_of(
          "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"servfail\" }", "dns"),
      "fault \"servfail\" acts on a query and its answer");
}

}  // namespace
}  // namespace brownout::test
