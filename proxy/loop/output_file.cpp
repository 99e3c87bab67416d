#include "proxy/loop/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <utility>

#include "proxy/loop/write_all.h"

namespace brownout::proxy {
namespace {

constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
constexpr mode_t kLogMode = 0644;
constexpr auto kLookEvery = std::chrono::seconds(1);

}  // namespace

rules::Result<OutputFile> OutputFile::open(const std::string& path) {
  if (path == "-") return standard(STDOUT_FILENO);
  // Opens with O_NONBLOCK, since a blocking open of a pipe would wait for a reader, perhaps for
  // ever.
  OutputFile file(Fd(::open(path.c_str(), kAppend | O_NONBLOCK, kLogMode)));
  if (!file.fd_ && errno == ENXIO) {
    return rules::config_error("cannot write to " + path + ": no process reads this pipe or device",
                               "start the process that reads it first, or give a regular file");
  }
  if (!file.fd_) {
    return rules::config_error("cannot write to " + path + ": " + std::strerror(errno),
                               "check that its folder exists and that brownout may write there");
  }
  const int flags = fcntl(file.fd_.get(), F_GETFL);
  fcntl(file.fd_.get(), F_SETFL, flags & ~O_NONBLOCK);
  if (file.take_identity()) file.path_ = path;
  return file;
}

OutputFile OutputFile::standard(int descriptor) {
  return OutputFile(Fd(fcntl(descriptor, F_DUPFD_CLOEXEC, 0)));
}

bool OutputFile::write(std::string_view text) {
  if (std::exchange(torn_, false) && !write_all(fd_, "\n")) return !(torn_ = true);
  if (write_all(fd_, text)) return true;
  torn_ = true;
  return false;
}

void OutputFile::reopen() {
  if (path_.empty()) return;
  // Opens with O_NONBLOCK: the name may belong to a pipe by now, and a blocking open would wait.
  OutputFile fresh(Fd(::open(path_.c_str(), kAppend | O_NONBLOCK, kLogMode)));
  if (!fresh.fd_ || !fresh.take_identity()) return;
  fresh.path_ = std::move(path_);
  fresh.looked_ = looked_;
  *this = std::move(fresh);
}

void OutputFile::follow(std::chrono::steady_clock::time_point now) {
  if (path_.empty() || now - looked_ < kLookEvery) return;
  looked_ = now;
  struct stat there {};
  if (stat(path_.c_str(), &there) != 0) {
    if (std::exchange(missing_, true)) reopen();
    return;
  }
  missing_ = false;
  if (there.st_dev != device_ || there.st_ino != inode_) reopen();
}

// Stores the file's device and inode, to notice rotation. Returns false if it is not a regular
// file.
bool OutputFile::take_identity() {
  struct stat mine {};
  if (fstat(fd_.get(), &mine) != 0 || !S_ISREG(mine.st_mode)) return false;
  device_ = mine.st_dev;
  inode_ = mine.st_ino;
  return true;
}

}  // namespace brownout::proxy
