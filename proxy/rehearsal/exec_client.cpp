// exec: any command of the user's; its exit code counts.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {
namespace {

constexpr auto kLook = std::chrono::milliseconds(5);

class ExecClient final : public ProbeClient {
 public:
  explicit ExecClient(const ClientSettings& settings) : settings_(settings) {}

  Attempt attempt(const Target&, Instant deadline) override {
    Attempt done;
    done.why = run(deadline);
    return done;
  }

 private:
  // Why it failed, or nothing.
  std::string run(Instant deadline) const {
    std::string shell = "sh";
    std::string option = "-c";
    std::string command = settings_.probe->command;
    std::array<char*, 4> arguments{shell.data(), option.data(), command.data(), nullptr};
    posix_spawnattr_t attributes{};
    posix_spawnattr_init(&attributes);
    // A group of its own, so that what it starts ends with it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t child = 0;
    const int error =
        posix_spawn(&child, "/bin/sh", nullptr, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return std::strerror(error);
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      if (proxy::monotonic_now() >= deadline) {
        ::kill(-child, SIGKILL);
        ::waitpid(child, &status, 0);
        return "timed out";
      }
      std::this_thread::sleep_for(kLook);
    }
    if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
    if (WEXITSTATUS(status) == 0) return {};
    return "exit code " + std::to_string(WEXITSTATUS(status));
  }

  ClientSettings settings_;
};

}  // namespace

std::unique_ptr<ProbeClient> make_exec_client(const ClientSettings& settings) {
  return std::make_unique<ExecClient>(settings);
}

}  // namespace brownout::rehearsal
