// The name that a unix socket has in the file system. It outlives the socket, so whoever bound it
// removes it; but not once another process has bound the name to a socket of its own.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <string>

namespace brownout::proxy {

class UnixSocketFile {
 public:
  UnixSocketFile() = default;
  // That this process has just bound.
  explicit UnixSocketFile(std::string path);
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;
  ~UnixSocketFile() { remove(); }

  void remove();

 private:
  std::string path_;  // empty: nothing to remove
  // A number of an inode is used again; with the time when it was made it is the same socket.
  dev_t device_ = 0;
  ino_t inode_ = 0;
  timespec made_{};
};

}  // namespace brownout::proxy
