// EventLog writes one line of JSON for every injected fault.
//
//   {"time":"2026-11-24T20:15:03.120481Z","seed":7,"rule":"slow","fault":"latency",
//    "listener":"chat","flow":3,"direction":"upstream","action":"delay","delay_ms":312.4,
//    "bytes":120,"ordinal":17}
//
// `flow` is the ordinal of the connection at its listener. `ordinal` is the position of the action
// in its direction: a number of a piece of bytes, or a byte offset. For some faults it is another
// number, such as the code of an alert or a firewall's line. All keys except `time` are equal for
// the same seed and order of arrival. If the rule has a probability below 100%, the line has
// "probability" and, if a single random number decided, this number as "draw". A line about a
// request, query or message also has its properties (rules/engine/describe.h), and the trace
// headers `traceparent` and `b3`.
//
// Workers collect lines (EventBuffer) and submit them in batches. A background thread writes them
// (BackgroundWriter), so a stopped reader delays no traffic. If the reader falls more than 64 MiB
// behind, lines are dropped and replaced by {"time":...,"event":"lost","lines":4213}. EventLog also
// writes the log of flows, but without lines about lost lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/loop/background_writer.h"
#include "proxy/loop/loop.h"
#include "rules/engine/rule.h"

namespace brownout::proxy {

// A receiver of log lines, each of which is a JSON object. Safe on any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void submit(std::string lines) = 0;
  // Returns false if nobody reads the lines, so that none need be formatted.
  virtual bool wanted() const { return true; }
};

// Submits lines to several sinks, which are borrowed.
class EventSinks final : public EventSink {
 public:
  void add(EventSink& sink) { sinks_.push_back(&sink); }
  bool empty() const { return sinks_.empty(); }
  void submit(std::string lines) override {
    for (auto* sink : sinks_) sink->submit(lines);
  }

 private:
  std::vector<EventSink*> sinks_;
};

class EventLog final : public EventSink {
 public:
  enum class Of { kEvents, kFlows };

  // Opens a file to append lines; "-" is standard output. The file may be rotated (OutputFile).
  static rules::Result<std::unique_ptr<EventLog>> open(const std::string& path,
                                                       Of what = Of::kEvents);

  void submit(std::string lines) override;
  // Opens the file again by its name. Call after a log rotation.
  void reopen() { writer_.reopen(); }
  // Waits until all lines are written, as long as the reader keeps reading. Then reports the number
  // of lost lines. Call once, after the last submit().
  void finish();
  // Number of lines that were lost so far.
  std::uint64_t lost() const { return writer_.lost(); }

 private:
  EventLog(OutputFile file, std::string path, Of what);

  const std::string path_;
  const Of what_;
  BackgroundWriter writer_;
};

// EventBuffer formats and batches a worker's events. Use only on the event loop's thread.
class EventBuffer final : private Deadline {
 public:
  // If `log` is null, all events are ignored.
  EventBuffer(EventSink* log, Loop& loop) : log_(log), loop_(loop) {}

  void add(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
           const rules::Note& note);
  // Adds an event that no rule caused, for example a refused request.
  void add(const rules::FlowFacts& flow, std::string_view event, std::string_view why);
  // Adds a flow that has reached its server (for the log of flows).
  void add(const rules::FlowFacts& flow);
  // Adds a flow that did not reach its server because a rule stopped it (for the log of flows).
  void add_stopped(const rules::FlowFacts& flow);
  // Adds a flow that has opened or closed (for the API's event stream).
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
