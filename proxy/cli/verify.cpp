// brownout verify: measures how exactly faults are delivered on this machine.
//
// Proxy, server and clients run in this process. The measured delay is the time of a round trip
// through the proxy, less the time of a direct round trip at the same pace. The measured rate is
// the number of bytes received per second. The measured probability is the share of refused
// connections. The throughput under loss is compared with the formula of Mathis et al. ("The
// Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997), and with the kernel's own
// TCP where netem can lose packets.
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/cli/in_process.h"
#include "proxy/cli/kernel_tcp.h"
#include "proxy/cli/progress.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/process.h"
#include "proxy/embedded/traffic.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;
using namespace std::chrono_literals;

struct Measured {
  std::string what;
  std::string requested;
  std::string delivered;
  std::string error;
  double requested_value = 0;
  double delivered_value = 0;
  std::optional<double> kernel = {};  // bytes per second of the kernel's TCP on such a path
};

// The round-trip time that the fault `loss` assumes if no rule delays.
constexpr Duration kOwnRoundTrip = 1ms;

constexpr Duration kStall = 300us;

double millis(Duration value) { return std::chrono::duration<double, std::milli>(value).count(); }

class Verify {
 public:
  explicit Verify(const VerifyOptions& options)
      : options_(options), length_(options.quick ? 500ms : 2s) {}

  int run() {
    measure_machine();
    for (const auto delay : {1ms, 5ms, 20ms, 100ms}) verify_delay(delay, 1);
    verify_delay(20ms, 100);
    for (const auto rate : {10e3, 200e3, 1e6, 10e6, 100e6}) verify_rate(rate);
    for (const auto share : {0.01, 0.2, 0.5}) verify_probability(share);
    verify_loss(0.01, 0ms);
    verify_loss(0.001, 10ms);
    verify_loss(0.01, 25ms);
    verify_loss(0.05, 25ms);
    progress_.show("");
    if (failed_) {
      fmt::print(
          stderr,
          "error: the embedded proxy could not start: no port or file descriptor is free (raise "
          "`ulimit -n`)\n");
      return kFailed;
    }
    options_.json || options_.output == "json" ? print_json() : print_table();
    return 0;
  }

 private:
  // Measures how long the machine stalls a thread that only reads the clock. No proxy on this
  // machine can be more exact than that.
  void measure_machine() {
    begin("how long the machine stalls a thread");
    const auto end = proxy::Loop::now() + length_;
    auto before = proxy::Loop::now();
    while (before < end) {
      const auto now = proxy::Loop::now();
      const Duration gap = now - before;
      if (gap > kStall) ++stalls_;
      longest_stall_ = std::max(longest_stall_, gap);
      before = now;
    }
  }

  void verify_delay(Duration delay, int connections) {
    begin(fmt::format("a delay of {}, {}", rules::to_text(delay),
                      rules::count_of(connections, "connection")));
    const InProcess world(
        fmt::format("[[rule]]\nmatch = {{ direction = \"upstream\" }}\nfault = {{ type = "
                    "\"latency\", delay = \"{}\" }}\n",
                    rules::to_text(delay)));
    if (!started(world)) return;
    const PingOptions pace{.connections = connections, .interval = delay + 30ms, .length = length_};
    const auto direct = ping(world.server(), pace).percentile(0.5);
    const auto felt = ping(world.endpoint(), pace);
    const auto median = felt.percentile(0.5) - direct;
    const auto late = [&](double p) { return millis(felt.percentile(p) - direct - delay); };
    rows_.push_back({"delay, " + rules::count_of(connections, "connection"), rules::to_text(delay),
                     fmt::format("{:.2f} ms", millis(median)),
                     fmt::format("late by {:.2f} ms (p50), {:.2f} ms (p99)", late(0.5), late(0.99)),
                     millis(delay), millis(median)});
  }

  void verify_rate(double bytes_per_second) {
    begin(fmt::format("a rate of {} KB/s", bytes_per_second / 1e3));
    const InProcess world(
        fmt::format("[[rule]]\nmatch = {{ direction = \"downstream\" }}\nfault = {{ type = "
                    "\"bandwidth\", rate = \"{} KB/s\" }}\n",
                    bytes_per_second / 1e3));
    if (!started(world)) return;
    const double rate = stream(world.endpoint(), 1, options_.quick ? 500ms : 1s, 200ms);
    const auto text = [](double value) {
      return rules::to_text(
          rules::Rate{static_cast<std::int64_t>(std::llround(value / 100) * 800)});
    };
    rows_.push_back({"rate", text(bytes_per_second), text(rate),
                     fmt::format("{:+.2f} %", (rate / bytes_per_second - 1) * 100),
                     bytes_per_second, rate});
  }

  void verify_probability(double share) {
    begin(fmt::format("a probability of {}%", share * 100));
    const InProcess world(fmt::format(
        "[[rule]]\nprobability = \"{}%\"\nfault = {{ type = \"refuse\" }}\n", share * 100));
    if (!started(world)) return;
    const std::uint64_t count = options_.quick ? 1000 : 5000;
    const auto result = connect_repeatedly(world.endpoint(), 16, 60s, count);
    const auto tried = static_cast<double>(result.done + result.failed);
    const double hit = static_cast<double>(result.failed) / tried;
    const double sigma = std::sqrt(share * (1 - share) / tried);
    rows_.push_back({fmt::format("probability, {:.0f} connections", tried),
                     fmt::format("{} %", share * 100), fmt::format("{:.2f} %", hit * 100),
                     fmt::format("{:+.1f} standard deviations", (hit - share) / sigma), share,
                     hit});
  }

  // Measures a bulk transfer under loss, with this delay in each direction.
  void verify_loss(double share, Duration delay) {
    const Duration round_trip = kOwnRoundTrip + 2 * delay;
    const auto what =
        fmt::format("loss {} %, round trip {}", share * 100, rules::to_text(round_trip));
    begin("the throughput at a " + what);
    const Duration length = options_.quick ? 2s : 10s;
    const LossyPath path{.loss = rules::Ratio::of(share), .round_trip = round_trip};
    // Measures before the proxy starts, since kernel_tcp_rate() needs a process without other
    // threads.
    const auto kernel = kernel_tcp_rate(path, length);
    const InProcess world(fmt::format(
        "[[rule]]\nfault = {{ type = \"latency\", delay = \"{}\" }}\n[[rule]]\nfault = {{ "
        "type = \"loss\", loss = \"{}%\" }}\n",
        rules::to_text(delay), share * 100));
    if (!started(world)) return;
    const double rate = stream(world.endpoint(), 1, length, 0ms);
    const double formula =
        1.22 * 1460 / (std::chrono::duration<double>(round_trip).count() * std::sqrt(share));
    if (!kernel) why_no_kernel_ = kernel.error().what;
    rows_.push_back({what, megabits(formula), megabits(rate),
                     fmt::format("{:.2f} x the formula{}", rate / formula,
                                 kernel ? ", kernel: " + megabits(*kernel) : ""),
                     formula, rate, kernel ? std::optional(*kernel) : std::nullopt});
  }

  static std::string megabits(double bytes_per_second) {
    return fmt::format("{:.2f} Mbit/s", bytes_per_second * 8 / 1e6);
  }

  void begin(const std::string& what) {
    progress_.show(fmt::format("measuring {} of {}: {}", ++step_, kSteps, what));
  }

  bool started(const InProcess& world) {
    failed_ = failed_ || !world.running();
    return world.running();
  }

  void print_table() const {
    fmt::print("{:<28} {:>14} {:>14}   {}\n", "fault", "requested", "delivered", "error");
    for (const auto& row : rows_) {
      fmt::print("{:<28} {:>14} {:>14}   {}\n", row.what, row.requested, row.delivered, row.error);
    }
    fmt::print(
        "\nProxy, server and clients share this machine. In {}, it stalled a thread that only read "
        "the clock\n{} for more than {}, and for {:.2f} ms at most. No proxy can be more exact "
        "than that.\n",
        rules::to_text(length_), rules::count_of(stalls_, "time"), rules::to_text(kStall),
        millis(longest_stall_));
    if (why_no_kernel_.empty()) return;
    fmt::print(
        "The formula is 1.22 x segment / (round trip x sqrt(loss)). The kernel's own TCP was not "
        "measured for comparison:\n{}.\n",
        why_no_kernel_);
  }

  void print_json() const {
    auto list = nlohmann::json::array();
    for (const auto& row : rows_) {
      list.push_back({{"what", row.what},
                      {"requested", row.requested_value},
                      {"delivered", row.delivered_value},
                      {"error", row.error}});
      if (row.kernel) list.back()["kernel"] = *row.kernel;
    }
    if (!why_no_kernel_.empty()) {
      list.push_back({{"what", "the kernel's own TCP"}, {"not_measured", why_no_kernel_}});
    }
    list.push_back({{"what", "stalls of the machine"},
                    {"count", stalls_},
                    {"longest_ms", millis(longest_stall_)}});
    fmt::print("{}\n", list.dump(2));
  }

  // Number of steps: one for the machine's stalls, five delays, five rates, three probabilities and
  // four losses.
  static constexpr int kSteps = 18;

  VerifyOptions options_;
  Progress progress_;
  int step_ = 0;
  Duration length_;
  std::vector<Measured> rows_;
  std::uint64_t stalls_ = 0;
  Duration longest_stall_{};
  std::string why_no_kernel_;
  bool failed_ = false;
};

}  // namespace

int verify(const VerifyOptions& options) {
  const auto claimed = proxy::claim_descriptors(InProcess::kUsualWorkers);
  return claimed ? Verify(options).run() : fail(claimed.error());
}

}  // namespace brownout::cli
