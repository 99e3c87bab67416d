// StateWriter writes the state file on its own thread, so that a hung disk does not block the
// proxy's control loop. If several texts wait, only the newest is written.
//
// Its public functions are called by the owner's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "rules/base/result.h"

namespace brownout::proxy {

class StateWriter {
 public:
  // Writes the text to the file. Called on the writer's own thread, where it may block.
  using Save = std::function<rules::Result<void>(const std::string& text)>;

  explicit StateWriter(Save save);
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;
  ~StateWriter() { finish(); }

  // Passes the text to the writer thread and returns at once. If the text cannot be saved, the
  // error is logged, and finish() tries once more.
  void write(std::string text);
  // Whether the text of the last write() is on the disk.
  bool saved() const;
  // Waits up to three seconds until the last text is on the disk. Returns whether it is.
  // Afterwards, nothing more is written.
  bool finish();

 private:
  struct State;
  static void run(State& state);

  // shared with the thread, which outlives this object if the disk hangs
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace brownout::proxy
