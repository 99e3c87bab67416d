// What a person sees while a rehearsal runs: the phase, the time left, and a line for each probe,
// green and red. Draws over itself on a terminal. Control loop's thread only.
#pragma once

#include <string>

#include "proxy/rehearsal/runner.h"

namespace brownout::rehearsal {

class LiveView {
 public:
  // Silent unless `terminal`.
  explicit LiveView(bool terminal) : terminal_(terminal) {}
  ~LiveView();
  void draw(const Runner& runner);
  // The lines, without what moves the cursor.
  static std::string compose(const Runner& runner, bool colour);

 private:
  bool terminal_;
  int lines_ = 0;
  proxy::Instant drawn_{};
};

}  // namespace brownout::rehearsal
