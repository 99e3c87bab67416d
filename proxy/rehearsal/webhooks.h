// Webhooks: tells status pages and chats what happens, by POST with JSON, from a thread of its own:
// nothing waits for them. Each message is tried three times; at the end they have a few seconds.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

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

  std::vector<rules::Webhook> hooks_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Message> waiting_;
  std::jthread thread_;
};

}  // namespace brownout::rehearsal
