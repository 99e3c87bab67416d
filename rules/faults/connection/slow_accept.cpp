// slow_accept: imitates a server with a slow accept loop, so that new connections queue. While a
// connection waits in the queue, nothing is read from it, and no connection to its server is
// opened. The fault connect_delay delays each connection independently.
//
// A rule for all connections of a listener leaves them in the kernel's accept queue, whose length
// is the listener's `backlog`. Other rules queue connections that are accepted.
#include "rules/chance/pacer.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct SlowAcceptSettings {
  Duration delay{};
};

struct AcceptLoop final : FaultState {
  Pacer turn;
};

class SlowAccept final : public Fault {
 public:
  using Settings = SlowAcceptSettings;
  explicit SlowAccept(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay,
              "time that the simulated server needs to accept one connection. Waiting connections "
              "are established but not served. If the rule has no probability, and no key in "
              "`match` except `listener`, then `backlog` + 1 connections wait for each worker, and "
              "further connects hang. For other rules, the fault `connection_limit` can limit the "
              "number of waiting connections",
              {.most = std::chrono::hours(1), .required = true}),
    }};
    return schema;
  }

  std::unique_ptr<FaultState> make_state() const override { return std::make_unique<AcceptLoop>(); }

  bool queues_accepts() const override { return true; }
  Instant next_accept(const FaultState& shared) const override {
    return static_cast<const AcceptLoop&>(shared).turn.taken_until();
  }

  std::optional<Note> admit(const StageContext& context, Admission& admission) const override {
    if (!admission.serves()) return std::nullopt;
    auto& loop = static_cast<AcceptLoop&>(*context.shared);
    const Duration cost = scaled(settings_.delay, context.intensity.at(context.now));
    admission.accept_delay += loop.turn.reserve(context.now, cost) - context.now;
    return Note{.action = "queue", .delay = cost};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSlowAccept = describe<SlowAccept>(
    {.name = "slow_accept",
     .level = Level::kConnection,
     .ramp = Ramp::kMagnitude,
     .ramped = "the time for one connection grows from 0 to `delay`",
     .summary = "Connections are served one at a time, so the last of ten that arrive together "
                "waits ten times as long. The connect itself succeeds at once, until the "
                "listener's `backlog` is full: further connects then hang.",
     .correct_client =
         "has a time-out for the first answer, and opens no further connections while it waits",
     .unit = "connection; all connections of the rule share one queue",
     .composition = "the waits of all rules add up",
     .source = "listen(2), accept(2)"});

}  // namespace brownout::rules
