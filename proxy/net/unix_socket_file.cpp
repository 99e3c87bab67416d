#include "proxy/net/unix_socket_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace brownout::proxy {

UnixSocketFile::UnixSocketFile(std::string path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  path_ = std::move(path);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  made_ = status.st_mtim;
}

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept { *this = std::move(other); }

UnixSocketFile& UnixSocketFile::operator=(UnixSocketFile&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  made_ = other.made_;
  return *this;
}

void UnixSocketFile::remove() {
  const auto path = std::exchange(path_, {});
  struct stat status {};
  if (path.empty() || stat(path.c_str(), &status) != 0) return;
  const bool ours = status.st_dev == device_ && status.st_ino == inode_ &&
                    status.st_mtim.tv_sec == made_.tv_sec &&
                    status.st_mtim.tv_nsec == made_.tv_nsec;
  if (ours) ::unlink(path.c_str());
}

}  // namespace brownout::proxy
