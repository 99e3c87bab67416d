// What lines are appended to: a file by its name, or a standard descriptor. Blocking: for a thread
// that may wait.
//
// A regular file may be rotated meanwhile, in both ways that logrotate(8) has: moved away, with or
// without another in its place, or copied and truncated.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

#include "proxy/loop/fd.h"
#include "rules/base/result.h"

namespace brownout::proxy {

class OutputFile {
 public:
  // Makes the file if there is none; "-" is standard output. A pipe that nobody reads is an error.
  static rules::Result<OutputFile> open(const std::string& path);
  // A copy of a descriptor, e.g. STDERR_FILENO; one that is closed takes nothing.
  static OutputFile standard(int descriptor);

  // False when it cannot be written; errno says why.
  bool write(std::string_view text);
  // Goes on in the file that has the name now, and makes it if there is none. A name that cannot be
  // opened, or is no regular file, changes nothing.
  void reopen();
  // The same, if the name has gone to another file, or to none for more than a second: whoever
  // rotates files makes the new one himself. Looks once a second at most.
  void follow(std::chrono::steady_clock::time_point now);

 private:
  explicit OutputFile(Fd fd) : fd_(std::move(fd)) {}
  bool take_identity();

  Fd fd_;
  std::string path_;  // empty: nothing to follow
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::chrono::steady_clock::time_point looked_{};
  bool missing_ = false;
  bool torn_ = false;  // it may end within a line
};

}  // namespace brownout::proxy
