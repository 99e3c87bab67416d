#include "proxy/intercept/nss_database.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace brownout::proxy {
namespace {

namespace fs = std::filesystem;

// Returns 0 if `certutil` succeeded, and 127 if there is no such program.
int run_certutil(std::vector<std::string> words) {
  words.insert(words.begin(), "certutil");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  // With /dev/null as standard input, certutil fails at once instead of asking for a password.
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, number, "/dev/null", O_RDWR, 0);
  pid_t child = -1;
  const int error =
      posix_spawnp(&child, arguments.front(), &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    // SIGCHLD is ignored, so the exit status is lost; the caller checks the result instead
    if (errno == ECHILD) return 0;
    if (errno != EINTR) return 1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

bool trust_all(const std::string& database, const std::vector<std::string>& cas) {
  for (std::size_t i = 0; i < cas.size(); ++i) {
    if (run_certutil({"-d", database, "-A", "-t", "C,,", "-n", "Brownout " + std::to_string(i),
                      "-i", cas[i]}) != 0)
      return false;
  }
  return true;
}

rules::Error nss_failed(const std::string& what, std::string hint) {
  return {rules::Origin::kInternal, what, std::move(hint), {}};
}

}  // namespace

rules::Result<void> make_nss_database(const std::string& path, const std::string& usual,
                                      const std::vector<std::string>& cas) {
  const auto database = "sql:" + path;
  std::error_code error;
  if (fs::exists(fs::path(usual) / "cert9.db", error)) {
    fs::copy(usual, path, fs::copy_options::recursive, error);
    if (!error && trust_all(database, cas)) return {};
    fs::remove_all(path, error);
  }
  if (!fs::create_directory(path, error)) {
    return tl::unexpected(nss_failed("cannot make the folder " + path + ": " + error.message(),
                                     "free space in it, or set TMPDIR to another folder"));
  }
  const int made = run_certutil({"-d", database, "-N", "--empty-password"});
  if (made == 127) {
    return tl::unexpected(nss_failed("there is no program certutil", "install libnss3-tools"));
  }
  if (made == 0 && trust_all(database, cas) && fs::exists(fs::path(path) / "cert9.db", error))
    return {};
  return tl::unexpected(
      nss_failed("certutil failed on a new database in " + path,
                 "run `certutil -N -d sql:/tmp/new --empty-password` to see why"));
}

}  // namespace brownout::proxy
