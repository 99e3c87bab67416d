// BackgroundWriter: writes lines on a thread of its own. Whoever reads them may be slow, or stop:
// nobody here waits for him.
//
// What waits is bounded. Beyond that texts are dropped and their lines counted, and what `dropped`
// says of them is written once there is room again.
//
// write(), reopen(), lost(), idle() and drain() are for any thread; making it and finish() for its
// owner's.
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
    std::size_t most = 1 << 20;  // bytes that may wait
    // What stands where `lines` were dropped; without it there is nothing.
    std::function<std::string(std::uint64_t lines)> dropped = {};
    // The first time that it cannot write, with errno; on its thread.
    std::function<void(int error)> failed = {};
    // Every second or so, on its thread, while it is not stuck.
    std::function<void()> each_second = {};
  };

  BackgroundWriter(OutputFile file, Options options);
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;
  ~BackgroundWriter() { finish(); }

  // Whole lines. Returns at once.
  void write(std::string text);
  // Has the file opened anew (OutputFile::reopen).
  void reopen();
  // Lines that were dropped or could not be written, so far.
  std::uint64_t lost() const;
  // Whether all that was written so far is with its reader.
  bool idle() const;
  // Waits for that, however long the reader takes: for whoever may wait.
  void drain();
  // Waits for what was written so far, as long as it gets on, five seconds at most. What is left
  // is lost. Nothing is written afterwards.
  void finish();

 private:
  struct State;
  static void run(State& state);

  std::shared_ptr<State> state_;  // shared with the thread, which is left alone when it is stuck
  std::thread thread_;
};

}  // namespace brownout::proxy
