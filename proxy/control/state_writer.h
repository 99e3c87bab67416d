// StateWriter: keeps the newest state on the disk, on a thread of its own: a disk that hangs holds
// up nobody here. Of the states that wait only the newest is written; they are written in order.
//
// For its owner's thread, all of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "rules/base/result.h"

namespace brownout::proxy {

class StateWriter {
 public:
  // Called on the writer's thread, and may take as long as it likes.
  using Save = std::function<rules::Result<void>(const std::string& text)>;

  explicit StateWriter(Save save);
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;
  ~StateWriter() { finish(); }

  // Returns at once. A state that cannot be saved is logged, and tried again at the end.
  void write(std::string text);
  // Whether the newest state is on the disk.
  bool saved() const;
  // Waits for that, for three seconds at most, and says whether it is so. Nothing is written
  // afterwards.
  bool finish();

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;  // shared with the thread, which is left alone when it is stuck
  std::thread thread_;
};

}  // namespace brownout::proxy
