// StateWriter writes the state file on its own thread, so that a hung disk does not block the
// control loop. Of several waiting states only the newest is written, and never out of order.
//
// Owner's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "rules/base/result.h"

namespace brownout::proxy {

class StateWriter {
 public:
  // Called on the writer's thread; may block.
  using Save = std::function<rules::Result<void>(const std::string& text)>;

  explicit StateWriter(Save save);
  StateWriter(const StateWriter&) = delete;
  StateWriter& operator=(const StateWriter&) = delete;
  ~StateWriter() { finish(); }

  // Returns at once. A state that cannot be saved is logged, and retried once at the end.
  void write(std::string text);
  // Whether the newest state is on the disk.
  bool saved() const;
  // Waits up to three seconds until the newest state is on the disk, and returns whether it is.
  // Nothing is written afterwards.
  bool finish();

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;  // shared, since a thread that hangs outlives the writer
  std::thread thread_;
};

}  // namespace brownout::proxy
