// idle_timeout: a NAT or a stateful firewall forgets an idle flow. Only the client can restore a
// datagram session: the NAT creates its mapping from packets of the inner side (RFC 4787, 4.3).
#include "rules/engine/delay_line.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct IdleTimeoutSettings {
  Duration after{};
};

class IdleTimeoutStage final : public HoldingStage {
 public:
  IdleTimeoutStage(Duration after, const StageContext& context)
      : after_(after), activity_(context.flow->activity), began_(context.now) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    touch(now, out);
    hold(std::move(chunk), cut_ ? kNever : now, now, out);
  }
  void finish(Instant now, Output& out) override {
    touch(now, out);
    line_.finish(cut_ ? kNever : now);
    line_.drain(now, out);
  }
  void wake(Instant now, Output& out) override { expire(now, out); }
  Instant deadline() const override { return cut_ ? kNever : expires(); }
  bool blackholed() const override { return cut_; }

 private:
  // Idle time before the rule started does not count.
  Instant expires() const { return later(std::max(activity_->last, began_), after_); }

  void expire(Instant now, Output& out) {
    if (cut_ || now < expires()) return;
    cut_ = true;
    out.note({.action = "silence"}, now);
  }
  void touch(Instant now, Output& out) {
    expire(now, out);
    if (!cut_) activity_->last = now;
  }

  Duration after_;
  FlowActivity* activity_;
  Instant began_;
  bool cut_ = false;
};

class DatagramIdleStage final : public Stage {
 public:
  DatagramIdleStage(Duration after, const StageContext& context)
      : after_(after),
        activity_(context.flow->activity),
        began_(context.now),
        client_(context.direction == Direction::kUpstream) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const bool forgotten = now >= later(std::max(activity_->last, began_), after_);
    if (!client_ && forgotten) {
      return out.note({.action = "drop", .bytes = static_cast<std::int64_t>(chunk.size())}, now);
    }
    activity_->last = now;
    out.emit(std::move(chunk), now);
  }

 private:
  Duration after_;
  FlowActivity* activity_;
  Instant began_;
  bool client_;
};

class IdleTimeout final : public Fault {
 public:
  using Settings = IdleTimeoutSettings;
  explicit IdleTimeout(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("after", &Settings::after,
              "time without data in either direction, after which the connection or session falls "
              "silent",
              {.least = Duration(1), .required = true}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    if (context.flow->carrier == Carrier::kDatagram) {
      return std::make_unique<DatagramIdleStage>(settings_.after, context);
    }
    return std::make_unique<IdleTimeoutStage>(settings_.after, context);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kIdleTimeout = describe<IdleTimeout>(
    {.name = "idle_timeout",
     .level = Level::kBytes,
     .carriers = kStreams | kDatagrams,
     .summary =
         "A connection without data for the time `after` falls silent. Neither end gets a FIN "
         "or RST, and data that is sent later does not arrive while the rule lasts. A UDP "
         "session works again as soon as its client sends.",
     .correct_client =
         "sends keep-alives more often than `after`, and closes a connection on which they "
         "get no answer",
     .unit = "connection or UDP session",
     .composition = "the shortest idle time decides",
     .source = "RFC 5382, 5 (REQ-5); RFC 4787, 4.3; RFC 9293, 3.8.4 (keep-alives); RFC 8085, 3.5"});

}  // namespace brownout::rules
