#include "proxy/loop/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/loop/fd.h"

namespace brownout::proxy {
namespace {

rules::Result<std::string> cannot_read(int error) {
  return rules::config_error(std::string("cannot read the file: ") + std::strerror(error));
}

rules::Result<std::string> read_to_end(const Fd& file) {
  std::string text;
  std::array<char, 64 * 1024> part;
  while (true) {
    const auto count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(errno);
    if (count == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
    if (text.size() > kMostToRead) {
      return rules::config_error(
          "cannot read the file: it is larger than 64 MiB, which is the limit");
    }
  }
}

}  // namespace

rules::Result<std::string> read_once(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return file ? read_to_end(file) : cannot_read(errno);
}

rules::Result<std::string> read_regular(const std::string& path) {
  // Opens with O_NONBLOCK, since a blocking open of a pipe would wait for a writer.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) return cannot_read(errno);
  if (S_ISDIR(status.st_mode)) return cannot_read(EISDIR);
  if (!S_ISREG(status.st_mode)) {
    return rules::config_error(
        "it is not a regular file but a pipe, a socket or a device, and reading from it could "
        "block");
  }
  return read_to_end(file);
}

bool is_regular(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace brownout::proxy
