// The event log: one JSON object a line for every injected fault.
//
//   {"time":"2026-11-24T20:15:03.120481Z","seed":7,"rule":"slow","fault":"latency","listener":"chat","flow":3,
//    "direction":"upstream","action":"delay","delay_ms":312.4,"bytes":120,"ordinal":17}
//
// Everything but `time` is the same for the same seed and order of arrival. Workers collect lines
// (EventBuffer) and hand them over in batches; a thread of the log's own writes them
// (BackgroundWriter), so a reader that stops delays nobody. It loses what is more than 64 MiB ahead
// of it; {"time":...,"event":"lost","lines":4213} stands in its place (not in a log of flows, which
// has only flows).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/loop/background_writer.h"
#include "proxy/loop/loop.h"
#include "rules/engine/rule.h"

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
  enum class Of { kEvents, kFlows };

  // Appends to `path`, which may be rotated (OutputFile); "-" is standard output.
  static rules::Result<std::unique_ptr<EventLog>> open(const std::string& path,
                                                       Of what = Of::kEvents);

  void submit(std::string lines) override;
  // Goes on in the file that has the name now.
  void reopen() { writer_.reopen(); }
  // Waits until it is written, as long as its reader reads. For the end, once nobody submits more.
  void finish() { writer_.finish(); }
  // Events that could not be written, so far.
  std::uint64_t lost() const { return writer_.lost(); }

 private:
  EventLog(OutputFile file, Of what);

  BackgroundWriter writer_;
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
  // A rule stopped it on its way to its server (for a log of flows).
  void add_stopped(const rules::FlowFacts& flow);
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
