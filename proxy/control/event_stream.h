// EventStream sends events to API clients as they happen (server-sent events: HTML standard,
// section 9.2). The events are injected faults, opened and closed flows, and changes by the API.
// Without clients, no event is formatted.
//
// Sends at most kMostPerSecond events a second, so that watching does not slow down traffic. A line
// {"event":"thinned"} reports that events were left out. The last changes are kept for clients that
// come later. Control loop's thread only, except submit() and wanted().
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "proxy/control/http_server.h"
#include "proxy/observe/event_log.h"

namespace brownout::proxy {

class EventStream final : public EventSink, private Deadline {
 public:
  static constexpr std::int64_t kMostPerSecond = 1000;
  static constexpr std::size_t kMostKept = 100;

  explicit EventStream(Loop& control) : control_(control) {}
  ~EventStream() override { control_.deadlines().cancel(*this); }

  // Adds a client: returns the response body to which the events will be written.
  std::shared_ptr<Feed> follow();
  // Sends and keeps an event about a change. `line` is a JSON object, to which the time is added.
  void tell(const std::string& line);
  // The last events that tell() has sent, each a JSON object, the oldest first. At most kMostKept.
  const std::deque<std::string>& kept() const { return kept_; }

  void submit(std::string lines) override;
  bool wanted() const override { return left_.load(std::memory_order_relaxed) > 0; }

 private:
  void write(std::string_view lines);
  void write_all(const std::string& text);
  void on_due(Instant now) noexcept override;

  Loop& control_;
  std::vector<std::shared_ptr<Feed>> feeds_;
  std::atomic<std::int64_t> left_{0};  // number of events that may still be sent in this second
  unsigned seconds_ = 0;
  std::deque<std::string> kept_;
};

}  // namespace brownout::proxy
