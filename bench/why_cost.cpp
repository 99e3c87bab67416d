// Measures the cost of `ctl why`. Requests on which a rule acts pass a Conversation, with and
// without a why_ring that keeps each action. The counter `ratio` is the processor time with the
// ring, divided by the time without it. There are no sockets, which would make the ratio smaller.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include "proxy/observe/why_ring.h"
#include "rules/language/load_toml.h"
#include "rules/protocols/http1/codec/conversation.h"

namespace {

using namespace brownout;
using rules::Instant;

// A client and a server that answers at once.
class Exchanges final : private http::Conversation::Wire {
 public:
  explicit Exchanges(const std::string& fault) {
    auto config = rules::load_toml(
        "version = 1\n[[listener]]\nname = \"web\"\nprotocol = \"http\"\nlisten = \"127.0.0.1:0\"\n"
        "upstream = \"127.0.0.1:1\"\n[[rule]]\nfault = { " +
        fault + " }\n");
    if (!config) std::abort();
    set_ = rules::RuleSet::activate(config->rules, 1, Instant{});
    conversation_ =
        std::make_unique<http::Conversation>(static_cast<http::Conversation::Wire&>(*this), facts_);
  }

  // Runs one request and its response. With a ring, the actions of rules go into it.
  void run(proxy::WhyRing* ring) {
    ring_ = ring;
    conversation_->client_bytes(codecs::bytes_of(kRequest), now_);
    conversation_->server_bytes(codecs::bytes_of(kResponse), now_);
    now_ += std::chrono::microseconds(50);
  }
  std::uint64_t actions() const { return actions_; }

 private:
  static constexpr std::string_view kRequest =
      "GET /orders/1234?page=1 HTTP/1.1\r\nHost: example.org\r\nUser-Agent: curl/8.5.0\r\n"
      "Accept: application/json\r\nAccept-Encoding: gzip, deflate, br\r\n"
      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";
  static constexpr std::string_view kResponse =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n"
      "{\"order\":\"1\"}";

  void to_client(codecs::ByteView bytes) override { benchmark::DoNotOptimize(bytes.data()); }
  void to_server(codecs::ByteView bytes) override { benchmark::DoNotOptimize(bytes.data()); }
  void responds(int) override {}
  void cut_short() override {}
  void ask_for_server(bool) override { conversation_->server_ready(true, now_); }
  void drop_server() override {}
  void close_client(rules::Close) override { std::abort(); }
  void finish_client() override {}
  void finish_server() override {}
  void send_copy(std::string, std::string_view) override {}
  const rules::RuleSet& rules() override { return *set_; }
  void record(const rules::FlowFacts& request, const rules::Rule& rule, rules::Direction direction,
              const rules::Note& note) override {
    ++actions_;
    if (ring_ != nullptr) ring_->add(request, rule, rules::to_text(direction), note);
  }
  void watch(const rules::PlanHolds&) override {}
  void report(std::string_view, std::string_view) override { std::abort(); }

  std::shared_ptr<const rules::RuleSet> set_;
  rules::FlowFacts facts_{.listener = "web",
                          .ordinal = 1,
                          .client = rules::IpAddress::parse("10.7.0.9"),
                          .destination = rules::IpAddress::parse("127.0.0.1"),
                          .opened = Instant{}};
  std::unique_ptr<http::Conversation> conversation_;
  proxy::WhyRing* ring_ = nullptr;
  std::uint64_t actions_ = 0;
  Instant now_{};
};

// Returns the processor time of this thread, in nanoseconds.
double processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Both kinds of requests take turns, so that the load of the machine affects both.
void BM_CostOfWhy(benchmark::State& state, const char* fault) {
  constexpr int kTurn = 1000;
  Exchanges exchanges(fault);
  proxy::WhyRing ring;
  double with = 0;
  double without = 0;
  const auto turn = [&](proxy::WhyRing* used) {
    const auto start = processor_time();
    for (int i = 0; i < kTurn; ++i) exchanges.run(used);
    return processor_time() - start;
  };
  for (int i = 0; i < 20; ++i) turn(&ring);  // the ring is full afterwards
  for (auto _ : state) {
    with += turn(&ring);
    without += turn(nullptr);
  }
  if (exchanges.actions() == 0) return state.SkipWithError("no rule acted");
  const auto requests = static_cast<double>(state.iterations()) * kTurn;
  state.counters["with_ns"] = with / requests;
  state.counters["without_ns"] = without / requests;
  state.counters["ratio"] = with / without;
}
BENCHMARK_CAPTURE(BM_CostOfWhy, rewrite_header, "type = \"rewrite_header\", set = { x-a = \"b\" }")
    ->Unit(benchmark::kMillisecond);

}  // namespace
