// Tests the kernel's filter of SYNs: an interpreter runs the program over segments, and must decide
// as the rules do.
#include "proxy/net/syn_filter.h"

#include <gtest/gtest.h>
#include <linux/if_ether.h>

#include <array>
#include <random>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using proxy::compile_syn_filter;
using rules::SynFacts;
using rules::SynSight;

struct Segment {
  SynFacts facts;
  std::uint8_t flags = 0x02;

  std::uint32_t field(std::uint32_t at, std::uint32_t size) const {
    std::array<std::uint8_t, 20> tcp{};
    const auto put = [&](std::size_t offset, std::uint32_t value, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) {
        tcp.at(offset + i) = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
      }
    };
    put(0, facts.client_port, 2);
    put(2, facts.port, 2);
    put(4, facts.sequence, 4);
    tcp[13] = flags;
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < size; ++i) value = value << 8 | tcp.at(at + i);
    return value;
  }
  std::uint32_t address(std::uint32_t at) const {
    const bool v4 = facts.client.is_v4();
    const bool source = v4 ? at == 12 : at < 24;
    const auto& bytes = source ? facts.client.bytes : facts.destination.bytes;
    const std::size_t from = v4 ? 12 : at - (source ? 8 : 24);
    std::uint32_t value = 0;
    for (std::size_t i = from; i < from + 4; ++i) value = value << 8 | bytes.at(i);
    return value;
  }
};

// Runs a program as the kernel does (Documentation/networking/filter.rst), and returns whether it
// keeps the segment. Supports the instructions that the compiler uses.
bool keeps(const proxy::SynProgram& program, const Segment& segment) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::array<std::uint32_t, 16> memory{};
  const auto load = [&](std::uint32_t at, std::uint32_t size) {
    if (at == static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL))
      return segment.facts.client.is_v4() ? std::uint32_t{ETH_P_IP} : std::uint32_t{ETH_P_IPV6};
    if (at == static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)) return segment.facts.random;
    if (at >= static_cast<std::uint32_t>(SKF_NET_OFF))
      return segment.address(at - static_cast<std::uint32_t>(SKF_NET_OFF));
    return segment.field(at, size);
  };
  for (std::size_t i = 0; i < program.size(); ++i) {
    const auto& [code, if_true, if_false, k] = program[i];
    const auto branch = [&, yes = if_true, no = if_false](bool taken) { i += taken ? yes : no; };
    switch (code) {
      case BPF_LD | BPF_W | BPF_ABS:
        a = load(k, 4);
        break;
      case BPF_LD | BPF_H | BPF_ABS:
        a = load(k, 2);
        break;
      case BPF_LD | BPF_B | BPF_ABS:
        a = load(k, 1);
        break;
      case BPF_LD | BPF_IMM:
        a = k;
        break;
      case BPF_LD | BPF_MEM:
        a = memory.at(k);
        break;
      case BPF_LDX | BPF_MEM:
        x = memory.at(k);
        break;
      case BPF_ST:
        memory.at(k) = a;
        break;
      case BPF_MISC | BPF_TAX:
        x = a;
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= k;
        break;
      case BPF_ALU | BPF_MUL | BPF_K:
        a *= k;
        break;
      case BPF_ALU | BPF_RSH | BPF_K:
        a >>= k;
        break;
      case BPF_ALU | BPF_XOR | BPF_X:
        a ^= x;
        break;
      case BPF_JMP | BPF_JA:
        i += k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        branch(a == k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        branch(a >= k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        branch(a > k);
        break;
      case BPF_RET | BPF_K:
        return k != 0;
      default:
        ADD_FAILURE() << "instruction " << code;
        return true;
    }
  }
  ADD_FAILURE() << "the program does not return";
  return true;
}

const std::string kRules = R"([[firewall]]
name = "list"
rules = [
  { action = "accept", source = "10.1.0.0/16", port = ["80", "8000-8010"] },
  { action = "drop", source = ["10.0.0.0/13", "2001:db8::/33"], source_port = "32768-49151" },
  { action = "drop", family = "ipv6", port = 443 },
]
[[rule]]
match = { destination = ["10.200.0.0/15", "2001:db8:1::/48"], port = ["1-1023", 8080] }
fault = { type = "syn_loss" }
[[rule]]
match = { client = "10.128.0.0/9" }
probability = "20%"
per = "client"
fault = { type = "syn_loss" }
[[rule]]
probability = "10%"
fault = { type = "syn_loss" }
[[rule]]
probability = "5%"
per = "chunk"
fault = { type = "syn_loss" }
[[rule]]
match = { host = "a", client = "10.64.0.0/10" }
fault = { type = "unplug" })";

rules::SynPlan plan_of(const std::string& text) {
  static std::shared_ptr<const rules::RuleSet> set;
  const auto config = intercepted_config_of(text);
  set = rules::RuleSet::activate(config.rules, 7, Instant{});
  return plan_syns(
      *set, {.name = "chat", .sight = SynSight::kDestination}, Instant{}, [](const auto&) {
        return std::vector{*rules::parse_prefix("10.201.2.3"), *rules::parse_prefix("2001:db8::7")};
      });
}

TEST(SynFilter, DecidesAsTheRulesDo) {
  const auto plan = plan_of(kRules);
  ASSERT_EQ(plan.rules.size(), 6U);
  const auto program = compile_syn_filter(plan.rules);
  ASSERT_TRUE(program);
  std::mt19937 random(20211004);
  int lost = 0;
  for (int i = 0; i < 20000; ++i) {
    Segment segment;
    for (auto* address : {&segment.facts.client, &segment.facts.destination}) {
      const auto octet = [&] { return static_cast<std::uint8_t>(random()); };
      if (i % 2 == 0) {
        *address = rules::IpAddress::v4({10, octet(), octet(), octet()});
        if (random() % 8 == 0) *address = *rules::IpAddress::parse("10.201.2.3");
      } else {
        *address = *rules::IpAddress::parse("2001:db8::7");
        if (random() % 2 == 0) address->bytes[5] = octet() & 1;
        if (random() % 2 == 0) address->bytes[4] = octet();
        if (random() % 2 == 0) address->bytes[15] = octet();
      }
    }
    segment.facts.client_port = static_cast<std::uint16_t>(random());
    constexpr std::array<std::uint16_t, 7> kPorts{0, 80, 443, 1023, 1024, 8005, 8080};
    segment.facts.port = kPorts.at(random() % kPorts.size());
    segment.facts.sequence = static_cast<std::uint32_t>(random());
    segment.facts.random = static_cast<std::uint32_t>(random());
    const bool wanted = losing(plan.rules, segment.facts) != nullptr;
    lost += wanted ? 1 : 0;
    ASSERT_EQ(keeps(*program, segment), !wanted) << i;
  }
  EXPECT_GT(lost, 4000);
  EXPECT_LT(lost, 16000);
}

// Only the first segment of a connect may be lost, so open connections go on.
TEST(SynFilter, KeepsAllSegmentsButSyns) {
  const auto plan = plan_of("[[rule]]\nfault = { type = \"syn_loss\" }");
  const auto program = compile_syn_filter(plan.rules);
  ASSERT_TRUE(program);
  for (int flags = 0; flags < 256; ++flags) {
    Segment segment{.facts = {}, .flags = static_cast<std::uint8_t>(flags)};
    segment.facts.client = segment.facts.destination = *rules::IpAddress::parse("10.1.2.3");
    const bool syn = (flags & 0x12) == 0x02;
    EXPECT_EQ(keeps(*program, segment), !syn) << flags;
  }
}

TEST(SynFilter, HasNoProgramForMoreThanTheKernelTakes) {
  std::string prefixes;
  for (int i = 0; i < 1000; ++i) {
    prefixes += (i == 0 ? "\"" : ", \"") + ("10.0." + std::to_string(i / 250)) + "." +
                std::to_string(i % 250) + "\"";
  }
  const auto plan =
      plan_of("[[rule]]\nmatch = { client = [" + prefixes + "] }\nfault = { type = \"syn_loss\" }");
  EXPECT_FALSE(compile_syn_filter(plan.rules));
  EXPECT_TRUE(compile_syn_filter({})->empty());
}

}  // namespace
}  // namespace brownout::test
