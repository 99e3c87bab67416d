#include "rules/language/explain_syn.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kConnectHangs =
    "; a connect hangs: the kernel discards its SYNs, by a filter on the listening socket";
constexpr std::string_view kQueueHangs =
    "; a connect hangs: Brownout keeps the listener's accept queue full";
constexpr std::string_view kNoFilter =
    "the kernel takes no filter of SYNs from this user, and a full accept queue stops all clients";

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
    return rule.queues_all_accepts()
               ? "; connections wait in the listener's backlog, and while it is full connects hang"
               : "; waiting connections are accepted, since the rule is for some of them";
  }
  if (!question.syn || !rule.fault->loses_syns()) return {};
  const auto why = why_syns_pass(rule, *question.syn);
  if (!why.empty()) return succeeds(why);
  if (question.syn->filtered) return std::string(kConnectHangs);
  return loses_every_syn(rule, *question.syn) ? std::string(kQueueHangs) : succeeds(kNoFilter);
}

std::string dropped_connect_text(const RuleRef& rule, const Question& question) {
  if (!question.syn || question.flow.carrier != Carrier::kStream) return {};
  const auto syns = firewall_syns(rule, *question.syn, Instant{question.at});
  if (losing({&syns, 1}, syn_of(question.flow)) != nullptr) {
    if (question.syn->filtered) return std::string(kConnectHangs);
    return question.syn->reachable && loses_all(syns) ? std::string(kQueueHangs)
                                                      : succeeds(kNoFilter);
  }
  return succeeds("the SYN does not show which line decides");
}

std::optional<bool> syn_selected(const Rule& rule, const Question& question) {
  const auto draw = syn_draw(rule, 1);
  const auto threshold = syn_threshold(draw);
  if (!threshold || draw.per != SynDraw::Per::kClient) return std::nullopt;
  if (!question.seed || !question.flow.client) return std::nullopt;
  return syn_number(draw, syn_of(question.flow)) < *threshold;
}

}  // namespace brownout::rules
