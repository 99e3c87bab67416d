// Signals: calls a handler on the event loop when the process receives a signal. Use only on the
// event loop's thread.
#pragma once

#include <functional>
#include <vector>

#include "proxy/loop/handle.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

class Signals {
 public:
  explicit Signals(Loop& loop) : loop_(loop) {}
  // Calls `handler(number)` whenever the signal arrives, as long as this object lives.
  void on(int number, std::function<void(int)> handler);

 private:
  struct Watch {
    std::function<void(int)> handler;
    UvPtr<uv_signal_t> handle;
  };
  Loop& loop_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace brownout::proxy
