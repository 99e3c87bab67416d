// Progress shows the current step of a command on one line of standard error. Each step replaces
// the previous one, and the destructor removes the line. Shows nothing unless standard error is a
// terminal. `brownout verify` owns one.
#pragma once

#include <string_view>

namespace brownout::cli {

class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows `text` in place of the previous text; "" removes the line.
  void show(std::string_view text);

 private:
  bool terminal_;
};

}  // namespace brownout::cli
