// What a person sees while a rehearsal runs: the phase, the time left, and a line for each probe,
// green and red. Draws over itself on a terminal, of 80 columns or more. A terminal that is stopped
// (Ctrl-S) is not waited for. Control loop's thread only.
#pragma once

#include <string>

#include "proxy/loop/background_writer.h"
#include "proxy/rehearsal/runner.h"

namespace brownout::rehearsal {

class LiveView {
 public:
  // Silent without `terminal`, which is borrowed.
  explicit LiveView(proxy::BackgroundWriter* terminal) : terminal_(terminal) {}
  ~LiveView();
  void draw(const Runner& runner);
  // What is drawn stays, and other text may follow.
  void leave() { lines_ = 0; }
  // The lines, without what moves the cursor.
  static std::string compose(const Runner& runner, bool colour);

 private:
  proxy::BackgroundWriter* terminal_;
  int lines_ = 0;
  proxy::Instant drawn_{};
};

}  // namespace brownout::rehearsal
