// The part of FitCheck that checks rules on messages.
#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "rules/language/check_fit.h"

namespace brownout::rules {
namespace {

// Lists the match keys that these protocols have, for an error message.
std::string keys_of(ProtocolSet protocols) {
  std::string text;
  for (const auto* protocol : message_protocols()) {
    if (!protocols.has(*protocol)) continue;
    std::string names;
    for (const auto& key : protocol->keys()) names += (names.empty() ? "" : ", ") + key.info.name;
    text += (text.empty() ? "" : "; ") + std::string(protocol->title()) + " has " + names;
  }
  return text;
}

// Returns, for an error message, which protocols the keys of `match` belong to.
std::string protocols_of(const MessageConditions& keys) {
  std::string text;
  for (const auto& [key, protocols] : keys.given())
    text += (text.empty() ? "" : "; ") + key + " is of " + protocols.text();
  return text;
}

// Whether the fault acts on gRPC trailers: the message that ends a call, which has no text.
bool acts_on_trailers(std::string_view fault) {
  constexpr auto kOthers = std::to_array<std::string_view>(
      {"corrupt_message", "duplicate", "reject", "reorder", "replace", "truncate_message"});
  return std::find(kOthers.begin(), kOthers.end(), fault) == kOthers.end();
}

}  // namespace

std::string how_to_have(ProtocolSet messages) {
  std::vector<std::string> names;
  for (const auto name : Protocol::names()) {
    const bool fits = !(Protocol::named(name)->messages() & messages).empty();
    if (fits) names.push_back(in_quotes(name));
  }
  std::string text = "write protocol = ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  }
  return text + " in the [[listener]]";
}

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
    problems_.add(
        position_of(node_, key), fault_ + " does not act on messages",
        "use a fault that acts on messages, e.g. \"drop\" or \"corrupt_message\": only messages "
        "have opcode, packet, topic, min_size, text and similar keys, and per = \"message\"");
  } else if (rule_.match.is_for_messages() && !rule_.fault->acts_on(Carrier::kMessage)) {
    problems_.add(position_of(node_, key), fault_ + settings_remark() + " does not act on messages",
                  settings_hint());
  } else if (!rule_.match.is_for_messages() && has(rule_.kind->carriers & kAnyMessages)) {
    return;
  } else if (!has(kMessages)) {
    problems_.add(position_of(node_, key), "no listener that the rule matches has messages",
                  how_to_have(ProtocolSet::any()));
  } else if (const auto* mistakes = rule_.match.message.mistakes(messages_matched());
             mistakes != nullptr && !supports(rule_.match.protocols())) {
    problems_.add_all(*mistakes);
  } else if (const auto protocols = rule_.match.protocols(); protocols.empty()) {
    problems_.add(position_of(node_, key), "match has keys of two protocols",
                  protocols_of(rule_.match.message));
  } else if (!supports(protocols)) {
    problems_.add(position_of(node_, key),
                  "no listener that the rule matches has messages of " + protocols.text(),
                  keys_of(messages_matched()));
  } else if (rule_.match.message.has("grpc_status") && !acts_on_trailers(rule_.kind->name)) {
    problems_.add(position_of(node_, "match"),
                  fault_ + " has no effect on trailers, which grpc_status selects",
                  "faults that act on trailers are delay, drop, hold_until, cut_stream and "
                  "half_open; the fault \"trailers\" changes trailers of any status");
  } else if (rule_.match.needs_types() &&
             !any_matched([](const Listener& listener) { return !listener.descriptors.empty(); })) {
    problems_.add(position_of(node_, "match"),
                  "no listener that the rule matches has descriptors of its messages",
                  "write descriptors = \"api.pb\" in the [[listener]]; protoc --include_imports "
                  "--descriptor_set_out=api.pb makes this file");
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
  problems_.add(position_of(*node_.find("match"), "direction"),
                fault_ + " has no effect on data in the direction " +
                    std::string(name_of(rule_.match.direction)),
                "leave direction out, or write \"" + std::string(other) + "\"");
}

// Reports a direction in which no message goes that a key of `match` selects, such as the replies
// of servers.
void FitCheck::check_direction_of_keys() const {
  const auto& keys = rule_.match.message;
  const auto protocols = keys.protocols() & messages_matched();
  if (rule_.match.direction == DirectionChoice::kBoth || protocols.empty()) return;
  const bool upstream = rule_.match.direction == DirectionChoice::kUpstream;
  const auto key = keys.key_of_other(upstream ? Sender::kClient : Sender::kServer, protocols);
  if (key.empty()) return;
  problems_.add(position_in_match(key),
                "only messages of " + std::string(upstream ? "servers" : "clients") +
                    " have this " + std::string(key) + ", and they go " +
                    (upstream ? "downstream" : "upstream"),
                "leave direction out");
}

// Reports keys of `match` that no message has together, in any protocol of the matched listeners.
void FitCheck::check_contradictions() const {
  const auto* match = node_.find("match");
  if (match == nullptr || !rule_.match.is_for_messages()) return;
  std::optional<MessageProtocol::Contradiction> mistake;
  const auto protocols = rule_.match.protocols() & messages_matched();
  for (const auto* protocol : message_protocols()) {
    if (!protocols.has(*protocol)) continue;
    mistake = protocol->contradiction(*match);
    if (!mistake) return;
  }
  if (mistake) problems_.add(position_of(*match, mistake->key), mistake->what, mistake->hint);
}

// Reports keys of `reject` that belong to other protocols than those of the matched listeners.
void FitCheck::check_refusal_keys() const {
  const auto* fault = node_.find("fault");
  if (!rule_.kind->refuses || fault == nullptr || !has(kMessages)) return;
  std::map<std::string, ProtocolSet> owners;
  for (const auto* protocol : message_protocols()) {
    for (const auto& key : protocol->refusal_keys())
      owners[key.info.name] = owners[key.info.name] | ProtocolSet::of(*protocol);
  }
  for (const auto& [key, protocols] : owners) {
    const auto* given = fault->find(key);
    if (given == nullptr || supports(protocols)) continue;
    problems_.add(
        given->where, key + " has no effect here: it applies only to " + protocols.text(),
        "leave it out: the rule matches only listeners with " + messages_matched().text());
  }
  for (const auto* protocol : message_protocols()) {
    if (messages_matched().has(*protocol))
      report_own_mistakes(*protocol, &MessageProtocol::refusal_keys, *fault, problems_);
  }
}

// Reports a rule with the fault `reject` and direction = "downstream" if no server behind the
// matched listeners sends requests.
void FitCheck::check_direction_of_requests() const {
  if (!rule_.kind->refuses || rule_.match.direction != DirectionChoice::kDownstream) return;
  if (!has(kMessages) || supports(ProtocolSet::where(&MessageProtocol::servers_ask))) return;
  problems_.add(
      position_of(*node_.find("match"), "direction"),
      fault_ + " acts on requests, which only clients send in " + messages_matched().text(),
      "leave direction out, or write \"upstream\"");
}

}  // namespace brownout::rules
