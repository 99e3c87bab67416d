// UnixSocketFile: owns the file of a unix socket and removes it, since the file outlives the
// socket. A file that another process has bound to its own socket meanwhile is not removed.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>

namespace brownout::proxy {

class UnixSocketFile {
 public:
  UnixSocketFile() = default;
  // `path` is the file of a socket that this process has just bound.
  explicit UnixSocketFile(std::string path);
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;
  ~UnixSocketFile() { remove(); }

  void remove();

 private:
  std::string path_;  // empty if there is no file to remove
  // Identify the file together with its modification time, since inode numbers are reused.
  dev_t device_ = 0;
  ino_t inode_ = 0;
  timespec made_{};
};

}  // namespace brownout::proxy
