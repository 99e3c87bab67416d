// brownout demo: a proxy in front of an embedded server, faults switched on and off while an
// embedded client shows what it feels. Needs no file, no server and no network.
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>

#include "proxy/cli/commands.h"
#include "proxy/cli/in_process.h"
#include "proxy/embedded/traffic.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;
using namespace std::chrono_literals;

struct Act {
  std::string_view story;
  std::string_view rules;
  int messages;
};

constexpr std::array<Act, 5> kActs{{
    {"The network is fine.", "", 6},
    {"Slow phones: 150 ms, give or take 60.",
     "[[rule]]\nname = \"slow phones\"\nmatch = { direction = \"downstream\" }\n"
     "fault = { type = \"latency\", delay = \"150ms\", jitter = \"60ms\" }\n",
     8},
    {"A lossy radio: the stream stalls by retransmission time-outs.",
     "[[rule]]\nname = \"lossy radio\"\nfault = { type = \"loss\", loss = \"25%\" }\n", 10},
    {"The outage: every connection is reset.",
     "[[rule]]\nname = \"outage\"\nfault = { type = \"reset\" }\n", 6},
    {"The rule is gone; so is the outage.", "", 6},
}};

constexpr auto kPause = 150ms;

class Demo {
 public:
  explicit Demo(bool colour) : colour_(colour) {}

  int run() {
    InProcess world("", 1);
    if (!world.running()) {
      fmt::print(stderr,
                 "error: the embedded proxy could not start (no free port or descriptor)\n");
      return kFailed;
    }
    fmt::print(
        "A client sends a message every {} ms through Brownout ({}) to an echo server ({}).\n",
        kPause / 1ms, to_text(world.endpoint()), to_text(world.server()));
    for (const auto& act : kActs) {
      world.reload(std::string(act.rules));
      tell(act);
      for (int i = 0; i < act.messages; ++i) {
        show(send_message(world.endpoint()));
        std::this_thread::sleep_for(kPause);
      }
    }
    fmt::print("\n{} messages, {} lost in the outage, slowest {} ms.\n", sent_, lost_,
               slowest_ / 1ms);
    fmt::print(
        "Next: put a rule file like this one in front of a server of yours, with `brownout "
        "run`:\n\n{}\n",
        world.file(std::string(kActs[1].rules)));
    return 0;
  }

 private:
  void tell(const Act& act) const {
    fmt::print("\n{}{}{}\n", colour_ ? "\x1b[1m" : "", act.story, colour_ ? "\x1b[0m" : "");
    if (act.rules.empty()) return;
    const auto fault = act.rules.substr(act.rules.find("fault"));
    fmt::print("  {}", fault);
  }

  // How long until the reply, or nothing when the connection was lost.
  std::optional<Duration> send_message(const Endpoint& endpoint) {
    ++sent_;
    if (!connection_) connection_ = connect_to(endpoint);
    constexpr std::string_view kMessage = "Are you there?";
    const auto start = monotonic_now();
    std::array<char, kMessage.size()> reply{};
    const bool whole =
        connection_ &&
        ::send(connection_.get(), kMessage.data(), kMessage.size(), MSG_NOSIGNAL) > 0 &&
        ::recv(connection_.get(), reply.data(), reply.size(), MSG_WAITALL) ==
            static_cast<ssize_t>(reply.size());
    if (whole) return monotonic_now() - start;
    connection_.reset();
    return std::nullopt;
  }

  void show(std::optional<Duration> took) {
    if (!took) {
      ++lost_;
      fmt::print("  {}connection reset{}\n", colour_ ? "\x1b[31m" : "", colour_ ? "\x1b[0m" : "");
      return;
    }
    slowest_ = std::max(slowest_, *took);
    const double ms = std::chrono::duration<double, std::milli>(*took).count();
    const auto bar =
        std::string(1 + std::min<std::size_t>(60, static_cast<std::size_t>(ms / 15)), '#');
    fmt::print("  {:>8.1f} ms  {}{}{}\n", ms, colour_ ? (ms < 50 ? "\x1b[32m" : "\x1b[33m") : "",
               bar, colour_ ? "\x1b[0m" : "");
    std::fflush(stdout);
  }

  bool colour_;
  Fd connection_;
  int sent_ = 0;
  int lost_ = 0;
  Duration slowest_{};
};

}  // namespace

int demo() {
  spdlog::set_level(spdlog::level::off);
  return Demo(::isatty(STDOUT_FILENO) != 0).run();
}

}  // namespace brownout::cli
