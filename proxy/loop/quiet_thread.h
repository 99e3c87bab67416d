// quiet_thread(): starts a thread that blocks all signals. The event loops handle signals.
#pragma once

#include <csignal>
#include <functional>
#include <thread>
#include <utility>

namespace brownout::proxy {

// Blocks all signals while the thread is created, since a new thread inherits its creator's signal
// mask (pthread_create(3)).
inline std::thread quiet_thread(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace brownout::proxy
