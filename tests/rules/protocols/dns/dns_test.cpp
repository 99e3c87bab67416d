// Tests name patterns, record types and zones, which the DNS faults use.
#include "rules/protocols/dns/dns.h"

#include <gtest/gtest.h>

#include "rules/protocols/dns/dns_zone.h"
#include "rules/schema/name_pattern.h"
#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

using namespace rules;

bool matches(const std::string& pattern, const std::string& name) {
  return NamePattern::parse(pattern)->matches(name);
}

TEST(NamePattern, MatchesExactNamesSuffixesAndGlobs) {
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

TEST(NamePattern, CanonicalNamesAreLowerCaseWithoutATrailingDot) {
  EXPECT_EQ(canonical_name("Chat.Example.ORG."), "chat.example.org");
  EXPECT_EQ(canonical_name("."), "");
  EXPECT_EQ(canonical_name("a\\."), "a\\.");
  EXPECT_EQ(canonical_name("a\\\\."), "a\\\\");
  EXPECT_EQ(parent_name("chat.example.org"), "example.org");
  EXPECT_EQ(parent_name("a\\.b.org"), "org");
  EXPECT_EQ(parent_name("org"), "");
}

TEST(NamePattern, HostileGlobMatchesQuickly) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  EXPECT_FALSE(matches(pattern + "b", std::string(250, 'a')));
}

TEST(NamePattern, RejectsAnInvalidName) {
  for (const auto* bad : {"", "a b", "http://a", "a:53"})
    EXPECT_FALSE(NamePattern::parse(bad)) << bad;
}

TEST(DnsType, ParsesNamesAndNumbers) {
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

TEST(DnsZone, AnswersFromRecordsWildcardsAndAliases) {
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

TEST(DnsZone, LastNameOfAnAliasChainSetsTheResponseCode) {
  const DnsZone zone({soa("lab"), address("chat.lab", "192.0.2.1"),
                      cname("www.lab", {4, 'c', 'h', 'a', 't', 3, 'l', 'a', 'b', 0}),
                      cname("dead.lab", {4, 'g', 'o', 'n', 'e', 3, 'l', 'a', 'b', 0}),
                      cname("out.lab", {1, 'x', 3, 'o', 'r', 'g', 0})});
  EXPECT_EQ(ask(zone, "dead.lab"), "NXDOMAIN CNAME/30 | SOA/300");
  EXPECT_EQ(ask(zone, "www.lab", DnsType::kAaaa), "NOERROR CNAME/30 | SOA/300");
  EXPECT_EQ(ask(zone, "out.lab"), "NOERROR CNAME/30");
}

TEST(DnsZone, AliasLoopEndsAfterEachRecordOnce) {
  const DnsZone zone(
      {cname("a", {1, 'b', 0}), cname("b", {1, 'a', 0}), cname("*.w", {1, 'x', 1, 'w', 0})});
  EXPECT_EQ(ask(zone, "a"), "NOERROR CNAME/30 CNAME/30");
  EXPECT_EQ(ask(zone, "q.w"), "NOERROR CNAME/30 CNAME/30");
}

DnsRecord dname(const std::string& name, std::vector<std::uint8_t> target) {
  auto record = cname(name, std::move(target));
  record.type = DnsType{39};
  return record;
}
DnsRecord server(const std::string& name, std::vector<std::uint8_t> target) {
  auto record = cname(name, std::move(target));
  record.type = DnsType::kNs;
  return record;
}

// DNAME records: RFC 6672, 2.2 and 3.
TEST(DnsZone, DnameRenamesTheNamesBelowIt) {
  const DnsZone zone({soa("lab"), address("a.new.lab", "192.0.2.1"),
                      dname("old.lab", {3, 'n', 'e', 'w', 3, 'l', 'a', 'b', 0}),
                      address("old.lab", "192.0.2.7"), address("hidden.old.lab", "192.0.2.8"),
                      dname("loop.lab", {4, 'l', 'o', 'o', 'p', 3, 'l', 'a', 'b', 0}),
                      dname("out.lab", {3, 'o', 'r', 'g', 0})});
  EXPECT_EQ(ask(zone, "a.old.lab"), "NOERROR DNAME/30 CNAME/30 192.0.2.1/60");
  const auto reply = *zone.answer({"x\\.y\\009.a.old.lab", DnsType::kA, 1});
  ASSERT_EQ(reply.answer.size(), 2U);
  EXPECT_EQ(reply.answer[1].name, "x\\.y\\009.a.old.lab");
  const std::vector<std::uint8_t> target{4,   'x', '.', 'y', 9,   1,   'a', 3,
                                         'n', 'e', 'w', 3,   'l', 'a', 'b', 0};
  EXPECT_EQ(reply.answer[1].rdata, target);
  EXPECT_EQ(ask(zone, "a.old.lab", DnsType::kCname), "NOERROR DNAME/30 CNAME/30");
  EXPECT_EQ(ask(zone, "old.lab"), "NOERROR 192.0.2.7/60") << "its owner keeps its own";
  EXPECT_EQ(ask(zone, "hidden.old.lab"), "NXDOMAIN DNAME/30 CNAME/30 | SOA/300");
  EXPECT_EQ(ask(zone, "a.loop.lab"), "NOERROR DNAME/30 CNAME/30");
  EXPECT_EQ(ask(zone, "a.out.lab"), "NOERROR DNAME/30 CNAME/30");
  std::string longest;
  for (int i = 0; i < 122; ++i) longest += "a.";
  // 122 labels take 244 bytes; with the target, the name may have at most 255.
  const auto target_of = [](std::size_t size) {
    std::vector<std::uint8_t> name(size, 'a');
    name.front() = static_cast<std::uint8_t>(size - 2);
    name.back() = 0;
    return name;
  };
  EXPECT_EQ(ask(DnsZone({dname("x", target_of(11))}), longest + "x"), "NOERROR DNAME/30 CNAME/30");
  const DnsZone grows({dname("x", target_of(12))});
  EXPECT_EQ(ask(grows, longest + "x"), "YXDOMAIN DNAME/30");
}

// Delegations: RFC 1034, 4.3.2, step 3b.
TEST(DnsZone, RefersQueriesBelowADelegation) {
  const std::vector<std::uint8_t> target{2,   'n', 's', 5,   'c', 'h', 'i',
                                         'l', 'd', 3,   'l', 'a', 'b', 0};
  const DnsZone zone({soa("lab"), server("lab", target), server("child.lab", target),
                      address("ns.child.lab", "192.0.2.5"), address("a.lab", "192.0.2.1")});
  for (const std::string name : {"child.lab", "a.child.lab", "a.b.child.lab", "ns.child.lab"}) {
    const auto reply = *zone.answer({name, DnsType::kA, 1});
    EXPECT_EQ(to_text(reply).substr(0, 15), "NOERROR | NS/30") << name;
    EXPECT_FALSE(reply.authoritative);
    EXPECT_FALSE(reply.recursion_available);
    ASSERT_EQ(reply.additional.size(), 1U);
    EXPECT_EQ(reply.additional[0].name, "ns.child.lab");
    EXPECT_FALSE(zone.knows({name, DnsType::kA, 1}))
        << "the resolver can resolve the delegated name";
  }
  EXPECT_EQ(ask(zone, "child.lab", DnsType{43}), "NOERROR | SOA/300");
  EXPECT_EQ(ask(zone, "lab", DnsType::kNs), "NOERROR NS/30");
  EXPECT_EQ(ask(zone, "a.lab"), "NOERROR 192.0.2.1/60");
  EXPECT_EQ(ask(zone, "b.lab"), "NXDOMAIN | SOA/300");
}

// A name with names below it exists even without records, and ends the search for a wildcard (RFC
// 4592, 2.2.2 and 3.3.1).
TEST(DnsZone, WildcardDoesNotCoverNamesBelowAnExistingName) {
  const DnsZone zone({soa("lab"), address("*.lab", "192.0.2.9"), address("a.b.lab", "192.0.2.1")});
  EXPECT_EQ(ask(zone, "c.lab"), "NOERROR 192.0.2.9/60");
  EXPECT_EQ(ask(zone, "b.lab"), "NOERROR | SOA/300");
  EXPECT_EQ(ask(zone, "c.b.lab"), "NXDOMAIN | SOA/300");
  // An escaped dot does not end a label.
  const DnsZone dotted({soa("lab"), address("a\\.b.lab", "192.0.2.1")});
  EXPECT_EQ(ask(dotted, "b.lab"), "NXDOMAIN | SOA/300");
}

TEST(DnsZone, RefusesTypesThatNoRecordHas) {
  const DnsZone zone(
      {soa("lab"), address("chat.lab", "192.0.2.1"), address("*.other", "192.0.2.2")});
  for (const auto type : {DnsType::kAxfr, DnsType::kIxfr}) {
    EXPECT_EQ(ask(zone, "lab", type), "REFUSED");
    EXPECT_EQ(ask(zone, "chat.lab", type), "NOTAUTH");
    EXPECT_EQ(ask(zone, "a.other", type), "NOTAUTH");
    EXPECT_EQ(ask(zone, "example.org", type), "(unknown)");
    EXPECT_EQ(to_text(DnsZone::answer_unknown({"example.org", type, 1})), "NOTAUTH");
  }
  EXPECT_EQ(ask(zone, "lab", DnsType::kMailb), "NOTIMP");
  EXPECT_EQ(ask(zone, "lab", DnsType::kTkey), "NOTIMP");
  EXPECT_EQ(ask(zone, "lab", static_cast<DnsType>(128)), "NOTIMP");
  EXPECT_EQ(ask(zone, "lab", DnsType::kOpt), "FORMERR");
  EXPECT_EQ(ask(zone, "lab", static_cast<DnsType>(127)), "NOERROR | SOA/300");
  EXPECT_EQ(ask(zone, "lab", DnsType::kAny), "NOERROR SOA/300");
  EXPECT_FALSE(zone.answer({"lab", DnsType::kAxfr, 1})->authoritative);
  EXPECT_EQ(to_text(DnsZone::answer_unknown({"example.org", DnsType::kA, 1})), "NXDOMAIN");
}

TEST(DnsZone, ClassesHaveSeparateNames) {
  auto version = address("version.lab", "192.0.2.1");
  version.dns_class = 3;
  const DnsZone zone({soa("lab"), address("chat.lab", "192.0.2.1"), version});
  const auto ask_class = [&](const std::string& name, std::uint16_t dns_class) {
    const auto reply = zone.answer({name, DnsType::kA, dns_class});
    return reply ? to_text(*reply) : "(unknown)";
  };
  EXPECT_EQ(ask_class("version.lab", 3), "NOERROR 192.0.2.1/60");
  EXPECT_EQ(ask_class("version.lab", 1), "NXDOMAIN | SOA/300");
  EXPECT_EQ(ask_class("chat.lab", 3), "(unknown)");
  EXPECT_EQ(ask_class("chat.lab", 4), "(unknown)");
  EXPECT_EQ(ask_class("chat.lab", 255), "NOERROR 192.0.2.1/60");
  EXPECT_EQ(to_text(DnsZone::answer_unknown({"chat.lab", DnsType::kA, 3})), "REFUSED");
}

TEST(DnsRules, LatencyDelaysAnswersAndTimeoutKeepsSilent) {
  DnsLab late("[[rule]]\nfault = { type = \"latency\", delay = \"300ms\" }");
  EXPECT_EQ(late.ask("nothing.org"), "+300ms NOERROR");
  DnsLab silent("[[rule]]\nfault = { type = \"timeout\" }");
  EXPECT_EQ(silent.ask("nothing.org"), "(silence)");
}

TEST(DnsRules, RejectsRulesThatDoNotFitDns) {
  EXPECT_EQ(
      first_problem_of("[[rule]]\nmatch = { qname = \"a.org\" }\nfault = { type = \"refuse\" }"),
      "fault \"refuse\" does not act on DNS queries");
  EXPECT_EQ(first_problem_of("[[rule]]\nper = \"second\"\nfault = { type = \"servfail\" }", "dns"),
            "fault \"servfail\" acts on each query separately");
  EXPECT_EQ(
      first_problem_of("[[rule]]\nper = \"query\"\nfault = { type = \"slicer\", size = \"1 KB\" }"),
      "fault \"slicer\" does not support per = \"query\"");
  EXPECT_EQ(
      first_problem_of(
          "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"servfail\" }", "dns"),
      "fault \"servfail\" acts on a query together with its answer, so it has no direction");
}

}  // namespace
}  // namespace brownout::test
