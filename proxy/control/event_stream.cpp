#include "proxy/control/event_stream.h"

#include <algorithm>

#include "proxy/observe/wall_time.h"

namespace brownout::proxy {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// Seconds between comment lines of the stream. Writing such a line detects a disconnected client.
constexpr unsigned kHeartbeat = 10;

}  // namespace

std::shared_ptr<Feed> EventStream::follow() {
  auto feed = std::make_shared<Feed>();
  feeds_.push_back(feed);
  left_.store(kMostPerSecond, std::memory_order_relaxed);
  control_.deadlines().set(*this, Loop::now() + kSecond);
  return feed;
}

void EventStream::tell(const std::string& line) {
  kept_.push_back(R"({"time":")" + wall_time() + R"(",)" + line.substr(1));
  if (kept_.size() > kMostKept) kept_.pop_front();
  write(kept_.back());
}

void EventStream::submit(std::string lines) {
  left_.fetch_sub(std::count(lines.begin(), lines.end(), '\n'), std::memory_order_relaxed);
  control_.post([this, lines = std::move(lines)] { write(lines); });
}

void EventStream::write(std::string_view lines) {
  if (feeds_.empty()) return;
  std::string text;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    text += "data: " + std::string(lines.substr(0, end)) + "\n\n";
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  write_all(text);
}

void EventStream::write_all(const std::string& text) {
  for (const auto& feed : feeds_) feed->write(text);
  // Removes closed feeds. A feed to which a response still refers is not closed: it opens when the
  // response is sent.
  std::erase_if(feeds_, [](const auto& feed) { return !feed->open() && feed.use_count() == 1; });
}

void EventStream::on_due(Instant now) noexcept {
  if (left_.load(std::memory_order_relaxed) <= 0) write(R"({"event":"thinned"})");
  const bool beat = ++seconds_ % kHeartbeat == 0;
  write_all(beat ? ": still here\n\n" : "");
  if (feeds_.empty()) return left_.store(0, std::memory_order_relaxed);
  left_.store(kMostPerSecond, std::memory_order_relaxed);
  control_.deadlines().set(*this, now + kSecond);
}

}  // namespace brownout::proxy
