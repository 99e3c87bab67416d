// Fuzzes chains of faults on bytes: a random chain under random traffic must pass find_violation().
// The input chooses the rules, as indexes into a list, and the seed of the traffic.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/properties.h"
#include "tests/support/virtual_world.h"

using namespace brownout;

namespace {

struct Choice {
  const char* fault;
  bool keeps_bytes;
};

constexpr std::array<Choice, 24> kChoices{{
    {R"(type = "latency", delay = "50ms", jitter = "50ms", distribution = "pareto")", true},
    {R"(type = "latency", delay = "0s")", true},
    {R"(type = "latency", delay = "24h")", true},
    {R"(type = "latency", delay = "3ms", jitter = "2ms", correlation = "90%", distribution = "normal")",
     true},
    {R"(type = "bandwidth", rate = "1 B/s")", true},
    {R"(type = "bandwidth", rate = "20 KB/s", burst = "1 KB")", true},
    {R"(type = "bandwidth", rate = "0 bit/s")", true},
    {R"(type = "loss", loss = "20%", segment = "7 B", rto = "1ms")", true},
    {R"(type = "loss", p = "30%", r = "30%", 1-h = "60%", 1-k = "5%", rto = "5ms")", true},
    {R"(type = "loss", p13 = "20%", p31 = "30%", p32 = "40%", p14 = "9%", rtt = "3ms")", true},
    {R"(type = "slicer", size = "1 B")", true},
    {R"(type = "slicer", size = "100 B", variation = "99 B", delay = "1ms")", true},
    {R"(type = "unplug", after = "30ms")", true},
    {R"(type = "slow_close", delay = "1s")", true},
    {R"(type = "corrupt", chance = "10%")", false},
    {R"(type = "packet_loss", loss_rate = "50%")", false},
    {R"(type = "limit_data", bytes = "100 B")", false},
    {R"(type = "garbage", bytes = "1 B")", false},
    {R"(type = "reset", after = "40ms")", false},
    {R"(type = "timeout", close_after = "20ms")", false},
    {R"(type = "slot", min = "1ms", max = "9ms", packets = 1)", true},
    {R"(type = "slot", min = "0s", max = "30ms", bytes = "100 B")", true},
    {R"(type = "bandwidth", rate = "1 KB/s", overhead = "40 B", cell = "48 B", vary = { to = "1 MB/s", every = "10ms" })",
     true},
    {R"(type = "latency", delay = "5ms", distribution = "lognormal", sigma = 2)", true},
}};

constexpr std::array<const char*, 4> kWhen{"", "start = \"20ms\"\nduration = \"90ms\"\n",
                                           "ramp = \"1s\"\n",
                                           "probability = \"50%\"\nper = \"second\"\n"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 12) return 0;
  std::string text;
  test::Expectations expected;
  for (std::size_t i = 2; i < size; ++i) {
    const auto& choice = kChoices[data[i] % kChoices.size()];
    const auto* when = kWhen[(data[i] / kChoices.size()) % kWhen.size()];
    expected.keeps_bytes = expected.keeps_bytes && choice.keeps_bytes;
    text += "[[rule]]\n" + std::string(when) + "fault = { " + choice.fault + " }\n";
  }
  const auto set = rules::RuleSet::activate(test::config_of(text).rules, data[0], rules::Instant{});
  const auto violation = test::find_violation(set, expected, data[0] * 256U + data[1]);
  if (violation.empty()) return 0;
  std::fprintf(stderr, "%s\n%s", violation.c_str(), text.c_str());
  std::abort();
}
