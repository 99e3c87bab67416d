// OutputFile: appends lines to a file or to a standard descriptor, and follows log rotation. Writes
// block, so use it on a thread that may wait. Movable; one thread at a time.
//
// Supports both ways in which logrotate(8) rotates a regular file: renaming it, with or without a
// new file in its place, or copying and truncating it.
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
  // Opens the file to append, and creates it if needed; "-" is standard output. A pipe without a
  // reader is an error.
  static rules::Result<OutputFile> open(const std::string& path);
  // Writes to a copy of an open descriptor such as STDERR_FILENO. If that is closed, writes fail.
  static OutputFile standard(int descriptor);

  // Writes all of `text`, and waits for the reader. Returns false and sets errno on failure.
  bool write(std::string_view text);
  // Opens the file by its name again, and creates it if needed. Keeps the old file if that fails,
  // or if the name is not a regular file any more.
  void reopen();
  // Calls reopen() after a log rotation: if another file has the name, or if no file has had it for
  // a second. The delay lets a rotation tool create the new file itself. Checks at most once a
  // second.
  void follow(std::chrono::steady_clock::time_point now);

 private:
  explicit OutputFile(Fd fd) : fd_(std::move(fd)) {}
  bool take_identity();

  Fd fd_;
  std::string path_;  // empty for a standard descriptor, which is never reopened
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::chrono::steady_clock::time_point looked_{};
  bool missing_ = false;
  bool torn_ = false;  // the last write failed, so the file may end in the middle of a line
};

}  // namespace brownout::proxy
