// Synthetic users of the kind exec: each operation runs a shell command, and exit code 0 is
// success.
#include <sys/wait.h>

#include <cstring>
#include <thread>

#include "proxy/loop/deadlines.h"
#include "proxy/rehearsal/descendants.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {
namespace {

constexpr auto kLook = std::chrono::milliseconds(5);
// Exit codes of the shell if a command cannot be run, and if it does not exist.
constexpr int kNoProgram = 126;
constexpr int kNoSuchCommand = 127;

class ExecClient final : public ProbeClient {
 public:
  explicit ExecClient(const ClientSettings& settings) : settings_(settings) {}

  Attempt attempt(const Target&, Instant deadline) override {
    Attempt done;
    run(deadline, done);
    return done;
  }

 private:
  void run(Instant deadline, Attempt& done) const {
    auto& processes = *settings_.processes;
    const auto child = processes.spawn(settings_.probe->command);
    if (!child) {
      done.why = std::strerror(child.error());
      done.unable = true;
      return;
    }
    std::optional<int> status;
    while (!(status = processes.ended(*child))) {
      if (proxy::monotonic_now() >= deadline || given_up()) {
        processes.kill(*child);
        done.why = "timed out";
        return;
      }
      std::this_thread::sleep_for(kLook);
    }
    if (WIFSIGNALED(*status)) {
      done.why = "killed by signal " + std::to_string(WTERMSIG(*status));
      return;
    }
    const int code = WEXITSTATUS(*status);
    if (code == 0) return;
    done.why = "exit code " + std::to_string(code);
    done.unable = code == kNoSuchCommand || code == kNoProgram;
    if (code == kNoSuchCommand) done.why += " (command not found)";
    if (code == kNoProgram) done.why += " (command cannot be run)";
  }

  ClientSettings settings_;
};

}  // namespace

extern const UserRow kExecUser{"exec", make_client<ExecClient>};

}  // namespace brownout::rehearsal
