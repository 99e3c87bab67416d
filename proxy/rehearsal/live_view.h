// LiveView: shows the progress of a rehearsal on a terminal: the phase, the time left, and a line
// for each probe, green and red. Redraws in place, on 80 columns or more. Does not wait for a
// terminal that is stopped (Ctrl-S). Use only on the main thread.
#pragma once

#include <string>

#include "proxy/loop/background_writer.h"
#include "proxy/rehearsal/runner.h"

namespace brownout::rehearsal {

class LiveView {
 public:
  // `terminal` is not owned. If it is null, nothing is drawn.
  explicit LiveView(proxy::BackgroundWriter* terminal) : terminal_(terminal) {}
  ~LiveView();
  void draw(const Runner& runner);
  // Keeps the last drawing on the screen, so that other text may follow.
  void leave() { lines_ = 0; }
  // Returns the lines to draw, without codes that move the cursor.
  static std::string compose(const Runner& runner, bool colour);

 private:
  proxy::BackgroundWriter* terminal_;
  int lines_ = 0;
  proxy::Instant drawn_{};
};

}  // namespace brownout::rehearsal
