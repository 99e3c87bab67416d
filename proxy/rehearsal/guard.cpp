#include "proxy/rehearsal/guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace brownout::rehearsal {
namespace {

using proxy::Fd;

// Limit of scans for processes to kill, in case processes start others faster than the scans find
// them.
constexpr int kMostLooks = 300;
constexpr int kBetweenLooksMs = 10;

// Whether the environment of a process contains the mark. Runs after fork() in a process that had
// threads, so it must take no lock except that of malloc(3), which glibc keeps usable.
bool has_mark(const char* process, const std::string& mark) {
  const std::string path = std::string("/proc/") + process + "/environ";
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  std::string text(1, '\0');
  std::array<char, 16 * 1024> part;
  ssize_t count = 0;
  while ((count = ::read(file.get(), part.data(), part.size())) > 0) {
    text.append(part.data(), static_cast<std::size_t>(count));
  }
  return text.find(mark) != std::string::npos;
}

// Kills all processes with the mark, and returns their number.
int kill_marked(const std::string& mark) {
  int found = 0;
  auto* folder = ::opendir("/proc");
  if (folder == nullptr) return 0;
  while (const auto* entry = ::readdir(folder)) {
    const auto id = static_cast<pid_t>(std::atol(entry->d_name));
    if (id <= 0 || !has_mark(entry->d_name, mark)) continue;
    ++found;
    ::kill(id, SIGKILL);
  }
  ::closedir(folder);
  return found;
}

[[noreturn]] void keep_watch(int watched, const std::string& mark) {
  // Starts a new session, since signals of the terminal and of the process group must not end the
  // guard.
  ::setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  // Closes all other descriptors, since a reader that waits for the end of a pipe must not wait for
  // the guard.
  if (watched != STDIN_FILENO) ::dup2(watched, STDIN_FILENO);
  ::close_range(STDIN_FILENO + 1, ~0U, 0);
  char signal = 0;
  ssize_t count = 0;
  while ((count = ::read(STDIN_FILENO, &signal, 1)) < 0 && errno == EINTR) {
  }
  if (count == 0) {
    for (int i = 0; i < kMostLooks && kill_marked(mark) > 0; ++i) {
      ::poll(nullptr, 0, kBetweenLooksMs);
    }
  }
  ::_exit(0);
}

// Returns a random environment variable, by which the guard finds processes. Its name is random, so
// a rehearsal inside a command of another rehearsal keeps the outer mark: the inner processes have
// both marks.
std::string new_mark() {
  std::uint64_t drawn = 0;
  if (::getrandom(&drawn, sizeof drawn, 0) != sizeof drawn) drawn = 0;
  return "BROWNOUT_REHEARSAL_" + std::to_string(::getpid()) + "_" + std::to_string(drawn) + "=1";
}

}  // namespace

Guard::Guard() : mark_(new_mark()) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  Fd watched(ends[0]);
  held_ = Fd(ends[1]);
  const auto whole = std::string(1, '\0') + mark_ + std::string(1, '\0');
  guard_ = ::fork();
  if (guard_ == 0) {
    held_.reset();
    keep_watch(watched.get(), whole);
  }
}

Guard::~Guard() {
  if (guard_ <= 0) return;
  static_cast<void>(::write(held_.get(), "x", 1));
  ::waitpid(guard_, nullptr, 0);
}

}  // namespace brownout::rehearsal
