// The part of FitCheck that is about messages.
#include "rules/language/check_fit.h"

namespace brownout::rules {
namespace {

// Lists the match keys that each protocol has, for an error message.
std::string keys_of_protocols() {
  std::string text;
  for (const auto* protocol : message_protocols()) {
    std::string names;
    for (const auto& key : protocol->keys()) names += (names.empty() ? "" : ", ") + key.info.name;
    text += (text.empty() ? "" : "; ") + std::string(protocol->title()) + " has " + names;
  }
  return text;
}

std::string protocols_with_messages() {
  std::vector<std::string> names;
  for (const auto name : Protocol::names()) {
    if (!Protocol::named(name)->messages().empty()) names.push_back(in_quotes(name));
  }
  std::string text = "write protocol = ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return text + " in the [[listener]]";
}

}  // namespace

// Whether the fault acts on messages that belong to an HTTP request: in its body or that of its
// response, or after its upgrade. Keys of the request select such messages, too.
bool FitCheck::acts_on_messages_of_requests() const {
  return rule_.fault != nullptr && rule_.kind->carries(Carrier::kMessage) &&
         rule_.fault->acts_on(Carrier::kMessage) && any_matched([](const Listener& listener) {
           return listener.protocol.has_requests() && !listener.protocol.messages().empty();
         });
}

void FitCheck::check_messages() const {
  const bool drawn = rule_.per == Per::kMessage && node_.find("per") != nullptr;
  if (!rule_.match.is_for_messages() && !drawn) return;
  const auto* key = rule_.match.is_for_messages() ? "match" : "per";
  if (!rule_.kind->carries(Carrier::kMessage)) {
    problems_.add(position_of(node_, key), fault_ + " does not act on messages",
                  "only messages have opcode, packet, topic, min_size, text and similar keys, and "
                  "per = \"message\"; faults that act on them are, for example, \"drop\" and "
                  "\"corrupt_message\"");
  } else if (rule_.match.is_for_messages() && !rule_.fault->acts_on(Carrier::kMessage)) {
    problems_.add(position_of(node_, key), fault_ + settings_remark() + " does not act on messages",
                  settings_hint());
  } else if (!rule_.match.is_for_messages() && has(rule_.kind->carriers & kAnyMessages)) {
    return;
  } else if (!has(kMessages)) {
    problems_.add(position_of(node_, key), "no listener that the rule matches has messages",
                  protocols_with_messages());
  } else if (const auto protocols = rule_.match.protocols(); protocols.empty()) {
    problems_.add(position_of(node_, key), "match has keys of two protocols", keys_of_protocols());
  } else if (!supports(protocols)) {
    problems_.add(position_of(node_, key),
                  "no listener that the rule matches has messages of " + protocols.text(),
                  keys_of_protocols());
  } else if (rule_.match.needs_types() &&
             !any_matched([](const Listener& listener) { return !listener.descriptors.empty(); })) {
    problems_.add(position_of(node_, "match"),
                  "no listener that the rule matches knows the fields of messages",
                  "write descriptors = \"api.pb\" in the [[listener]], a file of protoc "
                  "--include_imports --descriptor_set_out=api.pb");
  }
}

// Reports a direction that excludes all messages on which the fault acts.
void FitCheck::check_direction_of_messages() const {
  if (rule_.kind->carriers != kMessages) return;
  FlowFacts flow;
  flow.carrier = Carrier::kMessage;
  const auto state = rule_.fault->make_state();
  const auto acts = [&](Direction direction) {
    return rule_.fault->stage({.dice = {},
                               .intensity = Intensity(rule_.schedule, {}),
                               .flow = &flow,
                               .direction = direction,
                               .now = {},
                               .shared = state.get()}) != nullptr;
  };
  for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
    if (rule_.match.covers(direction) && acts(direction)) return;
  }
  const auto other = rule_.match.covers(Direction::kUpstream) ? "downstream" : "upstream";
  problems_.add(
      position_of(*node_.find("match"), "direction"),
      fault_ + " does nothing to data that goes " + std::string(name_of(rule_.match.direction)),
      "leave direction out, or write \"" + std::string(other) + "\"");
}

// Reports a rule with the fault `reject` and direction = "downstream" if no server behind the
// matched listeners sends requests.
void FitCheck::check_direction_of_requests() const {
  if (rule_.kind->name != "reject" || rule_.match.direction != DirectionChoice::kDownstream) return;
  if (!has(kMessages) || supports(ProtocolSet::where(&MessageProtocol::servers_ask))) return;
  problems_.add(
      position_of(*node_.find("match"), "direction"),
      fault_ + " acts on requests, and only clients send requests in " + messages_matched().text(),
      "leave direction out, or write \"upstream\"");
}

}  // namespace brownout::rules
