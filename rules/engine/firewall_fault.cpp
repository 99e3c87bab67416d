#include "rules/engine/firewall_fault.h"

#include "rules/engine/delay_line.h"

namespace brownout::rules {
namespace {

std::string_view action_text(FirewallAction action) { return name_of(action); }

// Returns the number of the firewall line that decided, from 1; 0 if the default policy decided.
std::uint64_t line_number(const FirewallDecision& decision) {
  return decision.line ? *decision.line + 1 : 0;
}

// Applies a firewall to the packets of an established connection or session in one direction.
// Stream data that the firewall stops is held, because TCP would retransmit it until the firewall
// accepts it. Stopped datagrams are lost.
class FirewallStage final : public HoldingStage {
 public:
  FirewallStage(std::shared_ptr<const FirewallTimeline> timeline, const StageContext& context)
      : timeline_(std::move(timeline)),
        packet_(packet_of(*context.flow, context.direction, PacketState::kEstablished)),
        datagrams_(context.flow->carrier == Carrier::kDatagram),
        next_(timeline_->next_change(context.now)) {
    decide(context.now);
  }

  void push(Chunk chunk, Instant now, Output& out) override {
    if (decision_.action == FirewallAction::kAccept) {
      return datagrams_ ? out.emit(std::move(chunk), now) : hold(std::move(chunk), now, now, out);
    }
    say(static_cast<std::int64_t>(chunk.size()), now, out);
    if (decision_.action == FirewallAction::kReject && !datagrams_) {
      return out.close(Close::kReset, now);
    }
    if (!datagrams_) return line_.add(std::move(chunk), kNever);
    if (decision_.action == FirewallAction::kReject) out.reject(chunk);
  }
  void finish(Instant now, Output& out) override {
    line_.finish(blackholed() ? kNever : now);
    line_.drain(now, out);
  }
  void wake(Instant now, Output& out) override {
    decide(now);
    next_ = timeline_->next_change(now);
    said_ = false;
    if (!blackholed()) line_.release(now, out);
  }
  Instant deadline() const override { return next_; }
  bool blackholed() const override { return decision_.action == FirewallAction::kDrop; }

 private:
  void decide(Instant now) { decision_ = timeline_->decide(packet_, now).decision; }

  // Logs the decision of the firewall. Each decision about a datagram is logged. For a stream, only
  // the first decision after a change of the firewall's lines is logged.
  void say(std::int64_t bytes, Instant now, Output& out) {
    if (said_ && !datagrams_) return;
    said_ = true;
    out.note({.action = action_text(decision_.action),
              .bytes = bytes,
              .ordinal = line_number(decision_)},
             now);
  }

  std::shared_ptr<const FirewallTimeline> timeline_;
  Packet packet_;
  bool datagrams_;
  Instant next_;
  FirewallDecision decision_;
  bool said_ = false;
};

}  // namespace

FirewallFault::Outcome FirewallFault::decide(const FlowFacts& flow, Instant now) const {
  const auto verdict =
      timeline_->decide(packet_of(flow, Direction::kUpstream, PacketState::kNew), now);
  Outcome outcome{.action = verdict.decision.action, .note = std::nullopt, .mistakes = {}};
  for (const auto& mistake : verdict.epoch->mistakes) {
    mistake->state->matched.fetch_add(1, std::memory_order_relaxed);
  }
  if (verdict.by_mistake) outcome.mistakes = verdict.epoch->mistakes;
  for (const auto& mistake : outcome.mistakes) {
    mistake->state->sampled.fetch_add(1, std::memory_order_relaxed);
    mistake->state->injected.fetch_add(1, std::memory_order_relaxed);
  }
  if (outcome.action != FirewallAction::kAccept || verdict.by_mistake) {
    outcome.note =
        Note{.action = action_text(outcome.action), .ordinal = line_number(verdict.decision)};
  }
  return outcome;
}

std::unique_ptr<Stage> FirewallFault::stage(const StageContext& context) const {
  const auto packet = packet_of(*context.flow, context.direction, PacketState::kEstablished);
  if (!timeline_->ever_stops(packet)) return nullptr;
  return std::make_unique<FirewallStage>(timeline_, context);
}

// A stopped query gets no answer. Over UDP the client of a rejected query gets the ICMP message of
// a rejection; over TCP the connection has been accepted already.
std::optional<Note> FirewallFault::on_query(const DnsContext& context, DnsVerdict& verdict) const {
  const auto outcome = decide(*context.query, context.now);
  if (outcome.action != FirewallAction::kAccept) verdict.silent = true;
  verdict.rejected = verdict.rejected || outcome.action == FirewallAction::kReject;
  return outcome.note;
}

const FaultKind kFirewallKind{.name = "firewall",
                              .level = Level::kBytes,
                              .carriers = kStreams | kDatagrams | kDnsQueries,
                              .summary = {},
                              .correct_client = {},
                              .unit = {},
                              .composition = {},
                              .source = {}};

Rule firewall_rule(Firewall firewall, Position where, std::string definition) {
  Rule rule;
  rule.name = firewall.name;
  rule.kind = &kFirewallKind;
  rule.match.listener = firewall.listener;
  rule.where = where;
  rule.definition = std::move(definition);
  rule.fault = std::make_shared<FirewallFault>(std::make_shared<FirewallTimeline>(
      std::move(firewall), std::vector<std::shared_ptr<const Rule>>{}));
  return rule;
}

std::shared_ptr<Rule> with_mistakes(const Rule& draft,
                                    const std::vector<std::shared_ptr<const Rule>>& rules) {
  if (draft.kind != &kFirewallKind) return nullptr;
  const auto& correct = static_cast<const FirewallFault&>(*draft.fault).timeline().correct();
  auto rule = std::make_shared<Rule>(draft);
  for (const auto& mistake : rules) {
    if (mistake->kind->level != Level::kFirewall) continue;
    // Add the start time, so that the firewall's definition changes when the same injected
    // misconfiguration begins again. Otherwise the reload would keep the old firewall.
    rule->definition += "\n" + mistake->definition + "@" +
                        std::to_string(mistake->began.time_since_epoch().count());
  }
  rule->fault = std::make_shared<FirewallFault>(std::make_shared<FirewallTimeline>(correct, rules));
  return rule;
}

}  // namespace brownout::rules
