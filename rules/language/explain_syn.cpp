#include "rules/language/explain_syn.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kConnectHangs =
    "; a connect hangs, because a filter on the listening socket discards its SYN packets";
constexpr std::string_view kPacketsHang =
    "; a connect hangs, because nftables drops its SYN packets";
constexpr std::string_view kQueueHangs =
    "; a connect hangs, because Brownout keeps the listener's accept queue full";
constexpr std::string_view kNoFilter =
    "this user may not attach a filter for SYN packets, and a full accept queue would stop all "
    "clients";

// Returns the text that says how connects are made to hang, if only some of the SYNs are dropped.
std::string hangs(const SynListener& listener) {
  return std::string(listener.by_packets ? kPacketsHang : kConnectHangs);
}

// Whether the kernel can select SYNs one by one at the listener, instead of dropping all by a full
// queue.
bool looks(const SynListener& listener) { return listener.by_packets || listener.filtered; }

std::string answered(Unreachable what, const Question& question) {
  const std::string message = what == Unreachable::kProhibited
                                  ? "ICMP communication prohibited"
                                  : "ICMP " + std::string(name_of(what)) + " unreachable";
  return question.flow.carrier == Carrier::kDatagram
             ? "; nftables answers each datagram with " + message
             : "; a connect fails at once, because nftables answers its SYN packets with " +
                   message;
}

std::string not_answered(const Question& question, std::string_view why) {
  return (question.flow.carrier == Carrier::kDatagram
              ? "; datagrams are dropped without an answer: "
              : "; a connect succeeds and is then reset: ") +
         std::string(why);
}

std::string succeeds(std::string_view why) {
  return "; a connect succeeds and is then silent: " + std::string(why);
}

SynFacts syn_of(const FlowFacts& flow) {
  return {.client = flow.client.value_or(IpAddress{}),
          .client_port = flow.client_port,
          .destination = flow.destination.value_or(IpAddress{}),
          .port = flow.destination_port};
}

}  // namespace

std::string connect_text(const Rule& rule, const Question& question) {
  if (rule.fault->queues_accepts()) {
    return rule.queues_all_accepts() ? "; waiting connections stay in the listener's backlog, and "
                                       "further connects hang while it is full"
                                     : "; waiting connections are accepted, because the rule "
                                       "selects only some of the listener's connections";
  }
  const auto answer = rule.fault->answers_syns();
  if (!question.syn || (!rule.fault->loses_syns() && !answer)) return {};
  const auto why = why_syns_pass(rule, *question.syn);
  if (answer) return why.empty() ? answered(*answer, question) : not_answered(question, why);
  if (!why.empty()) return succeeds(why);
  if (looks(*question.syn)) return hangs(*question.syn);
  return loses_every_syn(rule, *question.syn) ? std::string(kQueueHangs) : succeeds(kNoFilter);
}

std::string dropped_connect_text(const RuleRef& rule, const Question& question) {
  if (!question.syn || question.flow.carrier != Carrier::kStream) return {};
  const auto syns = firewall_syns(rule, *question.syn, Instant{question.at});
  if (losing({&syns, 1}, syn_of(question.flow)) != nullptr) {
    if (looks(*question.syn)) return hangs(*question.syn);
    return question.syn->reachable && loses_all(syns) ? std::string(kQueueHangs)
                                                      : succeeds(kNoFilter);
  }
  return succeeds("a SYN packet does not show which line of the firewall decides");
}

std::optional<bool> syn_selected(const Rule& rule, const Question& question) {
  const auto draw = syn_draw(rule, 1);
  const auto threshold = syn_threshold(draw);
  const bool by_packets = rule.fault->answers_syns() || (question.syn && question.syn->by_packets);
  // nftables uses its own hash function, whose result is unknown here.
  if (!threshold || draw.per != SynDraw::Per::kClient || by_packets) return std::nullopt;
  if (!question.seed || !question.flow.client) return std::nullopt;
  return syn_number(draw, syn_of(question.flow)) < *threshold;
}

}  // namespace brownout::rules
