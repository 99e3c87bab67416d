#include "proxy/rehearsal/webhooks.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "proxy/loop/post.h"
#include "proxy/rehearsal/webhook_body.h"

namespace brownout::rehearsal {
namespace {

using std::chrono::milliseconds;

constexpr int kTries = 3;
constexpr milliseconds kTimeout(2000);
constexpr std::size_t kMostWaiting = 1000;
constexpr milliseconds kPause(200);
constexpr milliseconds kAtTheEnd(5000);

// Sends one HTTP POST request. Returns why it was not accepted; "" after success.
std::string post(const std::string& url, const std::string& body, milliseconds timeout) {
  const auto result = proxy::post(url, body, {.timeout = timeout});
  if (!result.error.empty()) return result.error;
  return result.status < 400 ? "" : "the answer is HTTP status " + std::to_string(result.status);
}

}  // namespace

Webhooks::Webhooks(std::vector<rules::Webhook> hooks)
    : hooks_(std::move(hooks)), thread_([this](const std::stop_token& stop) { deliver(stop); }) {}

Webhooks::~Webhooks() {
  end_ = std::chrono::steady_clock::now() + kAtTheEnd;
  thread_.request_stop();
  wake_.notify_all();
}

void Webhooks::tell(About about, const nlohmann::json& what) {
  const std::lock_guard lock(mutex_);
  for (const auto& hook : hooks_) {
    const bool wanted = about == About::kPhase ? hook.phases : hook.expectations;
    if (wanted && waiting_.size() < kMostWaiting)
      waiting_.push_back({hook.url, webhook_body(hook, what)});
  }
  wake_.notify_all();
}

void Webhooks::deliver(const std::stop_token& stop) {
  while (true) {
    Message message;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop, [&] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      message = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (const auto why = send(message, stop); !why.empty())
      spdlog::warn(
          "webhook {}: an event could not be delivered in {} attempts: {}; check that this machine "
          "can reach the URL, and that the URL accepts POST requests",
          message.url, kTries, why);
  }
}

std::string Webhooks::send(const Message& message, const std::stop_token& stop) {
  std::string why;
  for (int i = 0; i < kTries; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::min(kPause, left(stop)));
    const auto timeout = std::min(kTimeout, left(stop));
    if (timeout <= milliseconds::zero()) return why.empty() ? "the rehearsal has ended" : why;
    why = post(message.url, message.body, timeout);
    if (why.empty()) break;
  }
  return why;
}

milliseconds Webhooks::left(const std::stop_token& stop) const {
  if (!stop.stop_requested()) return milliseconds::max();
  return std::chrono::duration_cast<milliseconds>(end_ - std::chrono::steady_clock::now());
}

}  // namespace brownout::rehearsal
