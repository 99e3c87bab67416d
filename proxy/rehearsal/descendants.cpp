#include "proxy/rehearsal/descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace brownout::rehearsal {
namespace {

using std::chrono::steady_clock;

constexpr auto kGrace = std::chrono::milliseconds(500);
constexpr auto kMostPatience = std::chrono::seconds(3);
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);

struct Process {
  pid_t id = 0;
  pid_t parent = 0;
  bool zombie = false;
};

// Reads the state and the parent of a process from /proc/PID/stat (proc(5)): "pid (name) state ppid
// ...". The name ends with the last ")", since it may itself contain any character.
std::optional<Process> read_process(pid_t id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/stat");
  // Reads with getline(), since iterators of the file buffer throw if the process ends meanwhile
  // (ESRCH).
  std::string text;
  std::getline(file, text, '\0');
  const auto behind = text.rfind(") ");
  if (behind == std::string::npos || behind + 4 >= text.size()) return std::nullopt;
  Process process{id, 0, text[behind + 2] == 'Z'};
  std::from_chars(text.data() + behind + 4, text.data() + text.size(), process.parent);
  return process;
}

std::vector<Process> all_processes() {
  std::vector<Process> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return all;
  while (const auto* entry = ::readdir(folder.get())) {
    pid_t id = 0;
    const std::string_view name(entry->d_name);
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (const auto process = read_process(id)) all.push_back(*process);
  }
  return all;
}

// Returns the descendants of this process, except `others` and their descendants. Parents precede
// their children.
std::vector<Process> descendants(const std::set<pid_t>& others) {
  const auto all = all_processes();
  std::vector<Process> found;
  const auto add_children_of = [&](pid_t parent) {
    for (const auto& process : all) {
      if (process.parent == parent && !others.contains(process.id)) found.push_back(process);
    }
  };
  add_children_of(::getpid());
  for (std::size_t i = 0; i < found.size(); ++i) add_children_of(found[i].id);
  return found;
}

struct SpawnSettings {
  SpawnSettings() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
  }
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t actions{};
};

}  // namespace

Descendants::Descendants() {
  ::prctl(PR_GET_CHILD_SUBREAPER, &adopted_before_);
  for (const auto& process : descendants({})) earlier_.insert(process.id);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Restores the default action of SIGCHLD. The parent of this process may have ignored the signal,
  // which is inherited: the exit codes of children would then be lost.
  ::signal(SIGCHLD, SIG_DFL);
}

Descendants::~Descendants() {
  const std::lock_guard lock(mutex_);
  const auto begin = steady_clock::now();
  awaited_.clear();
  int signal = SIGTERM;
  while (true) {
    bool left = false;
    const auto passed = steady_clock::now() - begin;
    if (passed >= kGrace) signal = SIGKILL;
    for (const auto& process : descendants(earlier_)) {
      left |= !process.zombie;
      // SIGKILL is sent in each pass of the loop, but SIGTERM only once to each process.
      if (!process.zombie && (signal == SIGKILL || awaited_.insert(process.id).second)) {
        ::kill(process.id, signal);
      }
      if (process.zombie && process.parent == ::getpid()) ::waitpid(process.id, nullptr, WNOHANG);
    }
    if (!left || passed >= kMostPatience) break;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, adopted_before_);
}

tl::expected<pid_t, int> Descendants::spawn(const std::string& command) {
  std::string shell = "sh";
  std::string option = "-c";
  std::string text = command;
  std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
  std::string mark = guard_.mark();
  std::vector<char*> variables{mark.data()};
  for (auto** inherited = environ; *inherited != nullptr; ++inherited) {
    variables.push_back(*inherited);
  }
  variables.push_back(nullptr);
  SpawnSettings settings;
  // Gives the command its own process group, so that kill() reaches all of its processes. Restores
  // the default action of SIGPIPE for the command, since Brownout ignores this signal.
  sigset_t usual;
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_setsigdefault(&settings.attributes, &usual);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&settings.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  // Locks, so that reap() cannot collect the child before awaited_ contains it.
  const std::lock_guard lock(mutex_);
  pid_t child = 0;
  const int error = posix_spawn(&child, "/bin/sh", &settings.actions, &settings.attributes,
                                arguments.data(), variables.data());
  if (error != 0) return tl::unexpected(error);
  awaited_.insert(child);
  return child;
}

std::optional<int> Descendants::ended(pid_t child) {
  const std::lock_guard lock(mutex_);
  int status = 0;
  if (::waitpid(child, &status, WNOHANG) == 0) return std::nullopt;
  awaited_.erase(child);
  return status;
}

void Descendants::kill(pid_t child) {
  ::kill(-child, SIGKILL);
  while (!ended(child)) std::this_thread::sleep_for(kBetweenLooks);
}

void Descendants::reap() {
  const std::lock_guard lock(mutex_);
  for (const auto& process : all_processes()) {
    const bool mine = process.parent == ::getpid() && !earlier_.contains(process.id);
    if (process.zombie && mine && !awaited_.contains(process.id))
      ::waitpid(process.id, nullptr, WNOHANG);
  }
}

}  // namespace brownout::rehearsal
