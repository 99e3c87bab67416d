#include "proxy/cli/kernel_tcp.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/embedded/echo_server.h"
#include "proxy/embedded/traffic.h"
#include "proxy/intercept/own_network.h"

namespace brownout::cli {
namespace {

using rules::Result;

enum class Step { kDone, kNamespace, kDevice, kNetem, kTransfer };

// The result that the child process sends to its parent.
struct Answer {
  Step failed = Step::kTransfer;
  double rate = 0;
};

std::string_view text_of(Step step) {
  switch (step) {
    case Step::kNamespace:
      return "this user may not create a network namespace";
    case Step::kDevice:
      return "the command `ip` is missing or too old (iproute2 5.19 knows gso_max_segs)";
    case Step::kNetem:
      return "this kernel has no netem (the module sch_netem), or the command `tc` is missing";
    default:
      return "the transfer failed";
  }
}

// Makes this process root of its user namespace, so that commands it starts keep its capabilities.
bool become_root(uid_t user, gid_t group) {
  const auto write = [](const char* path, const std::string& text) {
    std::ofstream file(path);
    return static_cast<bool>(file << text << std::flush);
  };
  return write("/proc/self/setgroups", "deny") &&
         write("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
         write("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

// Runs a command without output. Returns whether it succeeded.
bool succeeds(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  for (const int number : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&quiet, number, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[0], &quiet, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&quiet);
  int status = 0;
  return error == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

Answer measure(const LossyPath& path, rules::Duration length) {
  const auto user = geteuid();
  const auto group = getegid();
  const auto unshared = proxy::unshare_network();
  if (!unshared || (unshared->user_namespace && !become_root(user, group))) {
    return {Step::kNamespace};
  }
  // netem drops whole packets as the kernel hands them over. Without segmentation offload, each
  // packet is one segment of the size that the fault `loss` assumes.
  if (!succeeds({"ip", "link", "set", "dev", "lo", "mtu", "1500", "gso_max_segs", "1", "up"})) {
    return {Step::kDevice};
  }
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(path.round_trip / 2).count();
  if (!succeeds({"tc", "qdisc", "add", "dev", "lo", "root", "netem", "limit", "100000", "delay",
                 fmt::format("{}us", microseconds), "loss",
                 fmt::format("{}%", path.loss.share() * 100)})) {
    return {Step::kNetem};
  }
  const proxy::EchoServer server;
  const double rate = proxy::stream(server.endpoint(), 1, length, rules::Duration::zero());
  return {rate > 0 ? Step::kDone : Step::kTransfer, rate};
}

}  // namespace

Result<double> kernel_tcp_rate(const LossyPath& path, rules::Duration length) {
  std::array<int, 2> ends{};
  Answer answer;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return rules::config_error("no file descriptor is free", "raise `ulimit -n`");
  }
  const pid_t child = fork();
  if (child == 0) {
    answer = measure(path, length);
    const auto sent = ::write(ends[1], &answer, sizeof answer);
    _exit(sent == sizeof answer ? 0 : 1);
  }
  ::close(ends[1]);
  if (child > 0) {
    if (::read(ends[0], &answer, sizeof answer) != sizeof answer) answer = {};
    waitpid(child, nullptr, 0);
  }
  ::close(ends[0]);
  if (answer.failed == Step::kDone) return answer.rate;
  return rules::config_error(std::string(text_of(answer.failed)), "");
}

}  // namespace brownout::cli
