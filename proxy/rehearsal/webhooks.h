// Webhooks: posts events of a rehearsal as JSON to status pages and chats, from its own thread, so
// that the rehearsal never waits. Each message is tried three times. The destructor delivers the
// rest for at most five seconds; lost messages are logged.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

#include "proxy/loop/deadlines.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

class Webhooks {
 public:
  enum class About { kPhase, kExpectation };

  explicit Webhooks(std::vector<rules::Webhook> hooks);
  ~Webhooks();
  // `what` has the member "event": "begin", "phase", "expectation" or "end".
  void tell(About about, const nlohmann::json& what);

 private:
  struct Message {
    std::string url;
    std::string body;
  };
  void deliver(const std::stop_token& stop);
  bool send(const Message& message, const std::stop_token& stop);
  // The time left until end_, once the thread was asked to stop.
  std::chrono::milliseconds left(const std::stop_token& stop) const;

  std::vector<rules::Webhook> hooks_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Message> waiting_;
  // Real time, even if the rehearsal runs in virtual time.
  std::chrono::steady_clock::time_point end_{};  // set before the stop request
  std::jthread thread_;
};

}  // namespace brownout::rehearsal
