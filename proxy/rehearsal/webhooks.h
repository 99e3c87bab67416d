// Webhooks: sends events of a rehearsal as JSON (HTTP POST), for example to status pages and chats.
// The command that runs the rehearsal owns one.
//
// Works on its own thread, so that the rehearsal never waits. Each message is tried three times.
// The destructor tries to deliver the remaining messages for at most five seconds. Undelivered
// messages are logged.
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
  // Sends `what` to each webhook that is subscribed to such events. `what` has the member "event":
  // "begin", "phase", "expectation" or "end".
  void tell(About about, const nlohmann::json& what);

 private:
  struct Message {
    std::string url;
    std::string body;
  };
  void deliver(const std::stop_token& stop);
  // Returns why the message was not delivered; "" after success.
  std::string send(const Message& message, const std::stop_token& stop);
  // Returns the time left until end_ if the thread was asked to stop, and the longest possible time
  // otherwise.
  std::chrono::milliseconds left(const std::stop_token& stop) const;

  std::vector<rules::Webhook> hooks_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Message> waiting_;
  // Time at which the destructor gives up. It is real time even if the rehearsal runs in virtual
  // time. Set before the thread is asked to stop.
  std::chrono::steady_clock::time_point end_{};
  std::jthread thread_;
};

}  // namespace brownout::rehearsal
