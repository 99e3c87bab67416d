// The event log: one JSON object a line for every injected fault.
//
//   {"time":"2026-11-24T20:15:03.120481Z","seed":7,"rule":"slow","fault":"latency","listener":"chat","flow":3,
//    "direction":"upstream","action":"delay","delay_ms":312.4,"bytes":120,"ordinal":17}
//
// Everything but `time` is the same for the same seed and order of arrival. Workers collect lines
// (EventBuffer) and hand them over in batches; only the control loop touches the file. A writer
// that cannot keep up loses batches, never delays traffic, and says how many.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "proxy/loop/loop.h"
#include "rules/rule.h"

namespace brownout::proxy {

// Where lines go, from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void submit(std::string lines) = 0;
  // Whether anybody reads them: if not, none are made.
  virtual bool wanted() const { return true; }
};

class EventLog final : public EventSink {
 public:
  // Appends to `path`; "-" is standard output.
  static rules::Result<std::unique_ptr<EventLog>> open(const std::string& path, Loop& control);

  void submit(std::string lines) override;
  // Events that could not be written, so far.
  std::uint64_t lost() const { return lost_.load(); }

 private:
  EventLog(Fd fd, Loop& control) : fd_(std::move(fd)), control_(control) {}
  void write(const std::string& lines);

  Fd fd_;
  Loop& control_;
  std::atomic<std::size_t> waiting_{0};
  std::atomic<std::uint64_t> lost_{0};
  bool complained_ = false;
};

// A worker's side of it. Loop's thread only.
class EventBuffer final : private Deadline {
 public:
  // `log` may be null: then nothing is formatted at all.
  EventBuffer(EventSink* log, Loop& loop) : log_(log), loop_(loop) {}

  void add(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
           const rules::Note& note);
  // Something that no rule asked for: a request that was refused.
  void add(const rules::FlowFacts& flow, std::string_view event, std::string_view why);
  // A flow has a server now (for a log of flows).
  void add(const rules::FlowFacts& flow);
  // It opened, or is over (for those who watch).
  void add(const rules::FlowFacts& flow, std::string_view event);
  void flush();

 private:
  void take(const std::string& line);
  void on_due(Instant now) noexcept override;

  bool wanted() const { return log_ != nullptr && log_->wanted(); }

  EventSink* log_;
  Loop& loop_;
  std::string lines_;
};

}  // namespace brownout::proxy
