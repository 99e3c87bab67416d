#include "rules/engine/message_fault.h"

#include <utility>

#include "rules/engine/delay_line.h"

namespace brownout::rules {
namespace {

// Maximum body size of a request that the fault duplicate sends twice. The limit exists because the
// copy is held in memory. Requests with longer bodies are sent once.
constexpr Bytes kMostDoubled{1 << 20};

// A stage that calls judge() for each message of a connection. Delayed messages keep their order.
class JudgingStage final : public HoldingStage {
 public:
  JudgingStage(const MessageFault& fault, const StageContext& context)
      : fault_(fault),
        flow_(*context.flow),
        direction_(context.direction),
        intensity_(context.intensity),
        draws_(context.dice, fault.correlation()) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto ordinal = count_++;
    const auto verdict =
        fault_.judge({flow_, &chunk, direction_, ordinal, intensity_, now, draws_});
    const auto note = [&] {
      out.note({.action = verdict.action,
                .delay = verdict.delay,
                .bytes = static_cast<std::int64_t>(chunk.size()),
                .ordinal = ordinal},
               now);
    };
    if (verdict.action.empty()) return pass(std::move(chunk), now, out);
    if (verdict.drops) return note();
    if (verdict.refusal != nullptr) {
      auto refusal = refusal_of(chunk, *verdict.refusal);
      if (!refusal) return pass(std::move(chunk), now, out);
      note();
      if (refusal->by_server) return pass(std::move(refusal->message), now, out);
      out.reply(std::move(refusal->message), now);
      if (refusal->ends) out.close(Close::kFin, now);
      return;
    }
    if (verdict.text != nullptr) {
      auto other = with_text(chunk, *verdict.text);
      if (!other) {
        const auto* message = chunk.message();
        // In other protocols, messages without text are normal, and not worth a report.
        const bool typed = message != nullptr && message->protocol != nullptr &&
                           message->protocol->has_types() && words_of(chunk);
        if (typed)
          out.unchanged("the text of the rule cannot be converted to the type of the message");
        return pass(std::move(chunk), now, out);
      }
      note();
      return pass(std::move(*other), now, out);
    }
    note();
    const auto ready = later(now, verdict.delay);
    if (verdict.doubles) hold(chunk, ready, now, out);
    hold(std::move(chunk), ready, now, out);
  }

  bool may_bypass() const override { return line_.empty(); }

 private:
  const MessageFault& fault_;  // owned by the rule, which outlives its stages
  const FlowFacts& flow_;
  Direction direction_;
  Intensity intensity_;
  CorrelatedDraws draws_;
  std::uint64_t count_ = 0;
};

StageContext shared_context(const HttpContext& context) {
  return {.dice = context.rule_dice,
          .intensity = context.intensity,
          .flow = context.request,
          .direction = context.half,
          .now = context.now,
          .shared = context.shared};
}
StageContext shared_context(const DnsContext& context) {
  return {.dice = context.rule_dice,
          .intensity = context.intensity,
          .flow = context.query,
          .direction = Direction::kDownstream,
          .now = context.now,
          .shared = context.shared};
}

template <class Message>
std::optional<Note> push_shared(const Fault& fault, const StageContext& context, Message& message) {
  auto passage = static_cast<SharedStages*>(context.shared)->push(fault, context);
  message.hold = std::move(passage.hold);
  return passage.note;
}
void pass_shared(const StageContext& context) {
  static_cast<SharedStages*>(context.shared)->pass(context);
}

Verdict judged(const MessageFault& fault, const HttpContext& context, Direction direction) {
  CorrelatedDraws draws(context.dice, {});
  return fault.judge({*context.request, nullptr, direction, context.request->message,
                      context.intensity, context.now, draws});
}
Verdict judged(const MessageFault& fault, const DnsContext& context, Direction direction) {
  CorrelatedDraws draws(context.dice, {});
  return fault.judge({*context.query, nullptr, direction, context.query->ordinal, context.intensity,
                      context.now, draws});
}

// Collects the output of a stage for one chunk.
class OneChunk final : public Output {
 public:
  void emit(Chunk chunk, Instant) override {
    const auto bytes = chunk.bytes();
    left.insert(left.end(), bytes.begin(), bytes.end());
  }
  void finish(Instant) override {}
  void close(Close, Instant) override {}
  void answer(std::string_view, Instant) override {}
  void note(const Note& note, Instant) override { done = note; }

  std::vector<std::byte> left;
  std::optional<Note> done;
};

}  // namespace

std::unique_ptr<Stage> MessageFault::stage(const StageContext& context) const {
  return std::make_unique<JudgingStage>(*this, context);
}

std::unique_ptr<FaultState> MessageFault::make_state() const {
  return gathers() ? std::make_unique<SharedStages>() : nullptr;
}

std::optional<Note> MessageFault::act(const HttpContext& context, HttpMessage& message) const {
  if (message.decided()) return std::nullopt;
  if (gathers()) return push_shared(*this, shared_context(context), message);
  const auto verdict = judged(*this, context, message.direction);
  if (verdict.action.empty()) return std::nullopt;
  if (verdict.text != nullptr) return replace_body(context, message, *verdict.text);
  if (verdict.drops) message.fate = HttpMessage::Fate::kSilence;
  if (verdict.refusal != nullptr) {
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer.body = verdict.refusal->text;
  }
  if (verdict.doubles) message.duplicate = kMostDoubled;
  message.delay += verdict.delay;
  return Note{.action = verdict.action, .delay = verdict.delay};
}

void MessageFault::on_seen(const HttpContext& context, const HttpMessage& message) const {
  if (gathers() && message.direction == watched(context.half)) pass_shared(shared_context(context));
}

// Applies the verdict on a query before the query is forwarded to a resolver.
std::optional<Note> MessageFault::on_query(const DnsContext& context, DnsVerdict& verdict) const {
  const auto wanted = judged(*this, context, Direction::kUpstream);
  if (wanted.action.empty()) return std::nullopt;
  const bool decides = wanted.drops || wanted.refusal != nullptr;
  if (decides && verdict.decided()) return std::nullopt;
  if (wanted.drops) verdict.silent = true;
  if (wanted.refusal != nullptr) verdict.reply.emplace().rcode = Rcode::kRefused;
  verdict.delay += wanted.delay;
  return Note{.action = wanted.action, .delay = wanted.delay};
}

// Replaces text in the answer before the answer is encoded. on_wire() applies all other verdicts.
std::optional<Note> MessageFault::on_reply(const DnsContext& context, DnsReply& reply) const {
  if (gathers()) return std::nullopt;
  const auto verdict = judged(*this, context, Direction::kDownstream);
  if (verdict.text == nullptr) return std::nullopt;
  const auto bytes = replace_text(reply, *verdict.text);
  if (bytes == 0) return std::nullopt;
  return Note{.action = verdict.action, .bytes = bytes};
}

std::optional<Note> MessageFault::on_wire(const DnsContext& context, DnsWire& wire) const {
  if (gathers()) return push_shared(*this, shared_context(context), wire);
  const auto verdict = judged(*this, context, Direction::kDownstream);
  if (!verdict.drops && !verdict.doubles && verdict.delay == Duration::zero()) return std::nullopt;
  wire.lost = verdict.drops;
  if (verdict.doubles) ++wire.copies;
  wire.delay += verdict.delay;
  return Note{.action = verdict.action,
              .delay = verdict.delay,
              .bytes = static_cast<std::int64_t>(wire.message.size())};
}

void MessageFault::on_seen(const DnsContext& context) const {
  if (gathers()) pass_shared(shared_context(context));
}

std::optional<Note> PayloadFault::on_wire(const DnsContext& context, DnsWire& wire) const {
  const auto stage = this->stage({.dice = context.dice,
                                  .intensity = context.intensity,
                                  .flow = context.query,
                                  .direction = Direction::kDownstream,
                                  .now = context.now,
                                  .shared = context.shared});
  if (!stage) return std::nullopt;
  OneChunk out;
  stage->push(Chunk::copy_of(wire.message), context.now, out);
  if (out.done) wire.message = std::move(out.left);
  return out.done;
}

}  // namespace brownout::rules
