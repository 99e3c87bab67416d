#include "proxy/intercept/children.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace brownout::proxy {
namespace {

// Returns the parent's process id, the fourth field of /proc/PID/stat (proc(5)). The second field,
// in parentheses, may hold any characters, so the fields are counted from the last ")".
pid_t parent_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_ends = text.rfind(')');
  if (name_ends == std::string::npos || name_ends + 4 > text.size()) return -1;
  return static_cast<pid_t>(std::atol(text.c_str() + name_ends + 4));
}

}  // namespace

int exit_status_of(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

void for_each_child(const std::function<void(pid_t)>& act) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", none)) {
    const auto name = entry.path().filename().string();
    const auto child = static_cast<pid_t>(std::atol(name.c_str()));
    if (child > 0 && parent_of(name) == getpid()) act(child);
  }
}

void end_children() {
  while (waitpid(-1, nullptr, WNOHANG) >= 0) {
    for_each_child([](pid_t child) { kill(child, SIGKILL); });
    if (waitpid(-1, nullptr, 0) < 0) return;
  }
}

}  // namespace brownout::proxy
