// Microbenchmarks: a stage's push, a random draw, matching, loading rules, and keeping
// the latest actions of rules (why_ring).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "proxy/observe/why_ring.h"
#include "rules/engine/chain.h"
#include "rules/engine/plan.h"
#include "rules/language/load_toml.h"

namespace {

using namespace brownout::rules;

constexpr int kRules = 10'000;

std::string big_file() {
  std::string text = "version = 1\n[[upstream]]\nname = \"s\"\nservers = [\"127.0.0.1:1\"]\n";
  for (int i = 0; i < 100; ++i) {
    text += "[[listener]]\nname = \"l" + std::to_string(i) +
            "\"\nlisten = \"127.0.0.1:0\"\nupstream = \"s\"\n";
  }
  for (int i = 0; i < kRules; ++i) {
    text += "[[rule]]\nname = \"rule " + std::to_string(i) + "\"\nmatch = { listener = \"l" +
            std::to_string(i % 100) + "\", client = \"10." + std::to_string(i % 250) + "." +
            std::to_string(i / 250) +
            ".0/24\" }\nfault = { type = \"latency\", delay = \"10ms\" }\n";
  }
  return text;
}

Config loaded(const std::string& text) {
  auto config = load_toml(text);
  if (!config) std::abort();
  return std::move(*config);
}

FlowFacts a_flow() {
  return {.listener = "l7",
          .ordinal = 1,
          .client = IpAddress::parse("10.7.0.9"),
          .destination = IpAddress::parse("127.0.0.1"),
          .opened = Instant{}};
}

void BM_Load10000Rules(benchmark::State& state) {
  const auto text = big_file();
  for (auto _ : state) benchmark::DoNotOptimize(load_toml(text));
}
BENCHMARK(BM_Load10000Rules)->Unit(benchmark::kMillisecond);

void BM_Activate10000Rules(benchmark::State& state) {
  const auto config = loaded(big_file());
  for (auto _ : state) benchmark::DoNotOptimize(RuleSet::activate(config.rules, 1, Instant{}));
}
BENCHMARK(BM_Activate10000Rules)->Unit(benchmark::kMillisecond);

void BM_MatchOneOf10000Rules(benchmark::State& state) {
  const auto set = RuleSet::activate(loaded(big_file()).rules, 1, Instant{});
  const auto flow = a_flow();
  int found = 0;
  for (auto _ : state) {
    set->for_each_match(flow, [&](const RuleRef&) { ++found; });
  }
  if (found == 0) state.SkipWithError("nothing matched");
}
BENCHMARK(BM_MatchOneOf10000Rules);

void BM_Draw(benchmark::State& state) {
  const Dice dice(1, key_of("rule"), 3);
  std::uint64_t event = 0;
  for (auto _ : state) benchmark::DoNotOptimize(dice.hit(event++, Ratio::of(0.2)));
}
BENCHMARK(BM_Draw);

class Nowhere final : public ChainOutput {
 public:
  void emit(Chunk chunk) override { benchmark::DoNotOptimize(chunk.size()); }
  void finish() override {}
  void close(Close) override {}
  void answer(std::string_view) override {}
  void injected(const Rule&, Direction, const Note&) override {}
};

// A set with this fault only.
std::shared_ptr<const RuleSet> rules_with(const std::string& fault,
                                          const std::string& protocol = "tcp") {
  const auto text =
      "version = 1\n[[upstream]]\nname = \"s\"\nservers = \"a:1\"\n[[listener]]\nname = \"l7\"\n"
      "protocol = \"" +
      protocol + "\"\nlisten = \"127.0.0.1:0\"\nupstream = \"s\"\n[[rule]]\nfault = { " + fault +
      " }\n";
  return RuleSet::activate(loaded(text).rules, 1, Instant{});
}

void BM_Push(benchmark::State& state, const char* fault) {
  const auto set = rules_with(fault);
  const auto flow = a_flow();
  Nowhere sink;
  Chain chain(flow, Direction::kUpstream, sink);
  chain.set_rules(for_direction(plan_arrival(*set, flow).rules, Direction::kUpstream), Instant{});
  const std::string bytes(1024, 'x');
  Instant now{};
  for (auto _ : state) {
    now += std::chrono::microseconds(10);
    chain.advance(now);
    chain.push(Chunk::copy_of(std::as_bytes(std::span(bytes))), now);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}
BENCHMARK_CAPTURE(
    BM_Push, latency,
    "type = \"latency\", delay = \"1ms\", jitter = \"500us\", distribution = \"pareto\"");
BENCHMARK_CAPTURE(BM_Push, bandwidth, "type = \"bandwidth\", rate = \"200 MB/s\"");
BENCHMARK_CAPTURE(BM_Push, loss, "type = \"loss\", loss = \"1%\", rto = \"1ms\"");
BENCHMARK_CAPTURE(BM_Push, slicer, "type = \"slicer\", size = \"100 B\"");
BENCHMARK_CAPTURE(BM_Push, corrupt, "type = \"corrupt\", chance = \"0.1%\"");

// The entry of `ctl why` for a request that a rule delays.
void BM_RememberRequest(benchmark::State& state) {
  const auto set = rules_with("type = \"delay\", delay = \"1ms\"", "http");
  HttpHead head;
  head.method = "GET";
  head.target = "/orders/1234?page=1";
  for (const auto* name : {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}) {
    head.append(name, "example.org");
  }
  head.append("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  const auto exchange = HttpExchange::of(head);
  auto flow = a_flow();
  flow.http = &exchange;
  flow.message = 1;
  brownout::proxy::WhyRing ring;
  for (auto _ : state) ring.add(flow, *set->rules()[0], "upstream", {.action = "delay"});
}
BENCHMARK(BM_RememberRequest);

// The same for a piece of a connection's bytes.
void BM_RememberBytes(benchmark::State& state) {
  const auto set = rules_with("type = \"latency\", delay = \"1ms\"");
  const auto flow = a_flow();
  brownout::proxy::WhyRing ring;
  for (auto _ : state) {
    ring.add(flow, *set->rules()[0], "upstream", {.action = "delay", .bytes = 1000});
  }
}
BENCHMARK(BM_RememberBytes);

}  // namespace

BENCHMARK_MAIN();
