// BackgroundWriter: writes lines to a file or pipe on its own thread, so that a slow or stopped
// reader never blocks the callers.
//
// The queue is bounded. When it is full, texts are dropped and their lines are counted; the text of
// `dropped` is written in their place once there is room.
//
// write(), reopen(), lost(), idle() and drain() are safe from any thread; construction and finish()
// are for the owner's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "proxy/loop/output_file.h"

namespace brownout::proxy {

class BackgroundWriter {
 public:
  struct Options {
    std::size_t most = 1 << 20;  // limit of bytes that wait in the queue
    // Returns the text to write in place of `lines` lost lines. If empty, nothing is written.
    std::function<std::string(std::uint64_t lines)> dropped = {};
    // Called on the writer's thread at the first failed write, with errno.
    std::function<void(int error)> failed = {};
    // Called on the writer's thread about once a second, unless a write blocks.
    std::function<void()> each_second = {};
  };

  BackgroundWriter(OutputFile file, Options options);
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;
  ~BackgroundWriter() { finish(); }

  // Queues `text`, which must be whole lines. Returns at once.
  void write(std::string text);
  // Opens the file by its name again, on the writer's thread.
  void reopen();
  // Number of lines lost so far: dropped at a full queue, or not written because of an error.
  std::uint64_t lost() const;
  // Whether everything is written: the queue is empty and no write is in progress.
  bool idle() const;
  // Waits until everything is written, without a time limit.
  void drain();
  // Waits until everything is written: at most five seconds, and at most one second without
  // progress. Then stops. Text that is still in the queue, and text of later write() calls, is
  // lost.
  void finish();

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;  // shared with the thread, which outlives this object if it hangs
  std::thread thread_;
};

}  // namespace brownout::proxy
