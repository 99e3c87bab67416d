// Progress shows what a command does now, in one line of standard error that the next one replaces.
// Shows nothing unless that is a terminal, and leaves nothing behind.
#pragma once

#include <string_view>

namespace brownout::cli {

class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // "" removes the line.
  void show(std::string_view text);

 private:
  bool terminal_;
};

}  // namespace brownout::cli
