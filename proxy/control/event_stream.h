// EventStream: injected faults, and flows that open and close, as they happen, to those who watch
// (server-sent events: HTML standard, 9.2). Costs nothing while nobody does.
//
// At most kMostPerSecond events a second: a person sees no more, and the rest cost traffic nothing.
// A line {"event":"thinned"} says that some were left out. Control loop's thread only, but for
// submit() and wanted().
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "proxy/control/http_server.h"
#include "proxy/observe/event_log.h"

namespace brownout::proxy {

class EventStream final : public EventSink, private Deadline {
 public:
  static constexpr std::int64_t kMostPerSecond = 1000;

  explicit EventStream(Loop& control) : control_(control) {}
  ~EventStream() override { control_.deadlines().cancel(*this); }

  std::shared_ptr<Feed> follow();
  // Something that the control plane did: a JSON object, to which the time is added.
  void tell(const std::string& line);

  void submit(std::string lines) override;
  bool wanted() const override { return left_.load(std::memory_order_relaxed) > 0; }

 private:
  void write(std::string_view lines);
  void write_all(const std::string& text);
  void on_due(Instant now) noexcept override;

  Loop& control_;
  std::vector<std::shared_ptr<Feed>> feeds_;
  std::atomic<std::int64_t> left_{0};  // of this second
  unsigned seconds_ = 0;
};

}  // namespace brownout::proxy
