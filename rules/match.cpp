#include "rules/match.h"

#include <algorithm>

namespace brownout::rules {

Key FlowFacts::client_key() const {
  if (!client) return key();
  const auto& bytes = client->bytes;
  return key_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool Ordinals::contains(std::uint64_t ordinal) const {
  const auto n = static_cast<std::int64_t>(ordinal);
  const std::int64_t skipped = after.value_or(0);
  if (n <= skipped) return false;
  if (first && n > skipped + *first) return false;
  return !every || (n - skipped) % *every == 0;
}

bool Match::covers(Direction one) const {
  switch (direction) {
    case DirectionChoice::kBoth:
      return true;
    case DirectionChoice::kUpstream:
      return one == Direction::kUpstream;
    case DirectionChoice::kDownstream:
      return one == Direction::kDownstream;
  }
  return false;
}

bool Match::matches(const FlowFacts& flow, std::string_view* why_not) const {
  const auto fails = [&](std::string_view key) {
    if (why_not != nullptr) *why_not = key;
    return false;
  };
  if (!listener.empty() &&
      std::find(listener.begin(), listener.end(), flow.listener) == listener.end()) {
    return fails("listener");
  }
  if (!client.empty() && !any_contains(client, flow.client)) return fails("client");
  if (!destination.empty() && !any_contains(destination, flow.destination)) {
    return fails("destination");
  }
  if (is_for_dns()) return matches_question(flow, why_not);
  return true;
}

bool Match::matches_question(const FlowFacts& flow, std::string_view* why_not) const {
  const auto fails = [&](std::string_view key) {
    if (why_not != nullptr) *why_not = key;
    return false;
  };
  const auto* asked = flow.question ? &*flow.question : nullptr;
  const auto named = [&](const NamePattern& pattern) { return pattern.matches(asked->name); };
  if (!qname.empty() && (asked == nullptr || std::none_of(qname.begin(), qname.end(), named))) {
    return fails("qname");
  }
  if (!qtype.empty() &&
      (asked == nullptr || std::find(qtype.begin(), qtype.end(), asked->type) == qtype.end())) {
    return fails("qtype");
  }
  if (transport && flow.transport != transport) return fails("transport");
  return true;
}

const Schema<Match>& match_schema() {
  static const Schema<Match> schema{{
      field("listener", &Match::listener, "only connections to these listeners"),
      field("client", &Match::client, "only clients in these prefixes"),
      field("destination", &Match::destination,
            "only servers in these prefixes, by the address that is dialled"),
      field("direction", &Match::direction,
            "upstream is from client to server, downstream from server to client"),
      field("first", &Match::first,
            "only the first n matching connections since the rule began (counted behind `after`)",
            {.least = 1}),
      field("after", &Match::after, "not the first n matching connections", {.least = 0}),
      field("every", &Match::every, "only every n-th matching connection (counted behind `after`)",
            {.least = 1}),
      field("qname", &Match::qname,
            "dns: only queries for these names: \"chat.example.org\", \".example.org\" (it and all "
            "below it), \"*-eu.example.org\""),
      field("qtype", &Match::qtype, "dns: only queries for these types, e.g. \"AAAA\""),
      field("transport", &Match::transport, "dns: only queries that came this way"),
  }};
  return schema;
}

}  // namespace brownout::rules
