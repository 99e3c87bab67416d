// Webhooks: tells status pages and chats what happens, by POST with JSON, from a thread of its own:
// nothing waits for them while it runs. Each message is tried three times. At the end what still
// waits has five seconds in all; what is lost is said.
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
  void tell(About about, const nlohmann::json& what);

 private:
  struct Message {
    std::string url;
    std::string body;
  };
  void deliver(const std::stop_token& stop);
  bool send(const Message& message, const std::stop_token& stop);
  // How long may still be waited for, once the end has come.
  std::chrono::milliseconds left(const std::stop_token& stop) const;

  std::vector<rules::Webhook> hooks_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Message> waiting_;
  // Real time, whatever that of the rehearsal.
  std::chrono::steady_clock::time_point
      end_{};  // when to give up; set before the thread is asked to stop
  std::jthread thread_;
};

}  // namespace brownout::rehearsal
