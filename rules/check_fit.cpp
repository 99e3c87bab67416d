#include "rules/check_fit.h"

#include <algorithm>

namespace brownout::rules {

FitCheck::FitCheck(const Node& node, const Rule& rule, const std::vector<Listener>& listeners,
                   Diagnostics& problems)
    : node_(node),
      rule_(rule),
      listeners_(listeners),
      problems_(problems),
      fault_("fault " + in_quotes(rule.kind->name)) {}

void FitCheck::run(Position type) const {
  const Node* match = node_.find("match");
  const auto direction = match != nullptr ? match->find("direction") : nullptr;
  if (rule_.kind->level != Level::kFirewall) check_carriers(type);
  if (rule_.per == Per::kChunk && !rule_.kind->per_chunk) {
    problems_.add(position_of(node_, "per"), fault_ + " cannot be drawn per chunk",
                  "it acts on a whole connection: use \"connection\", \"client\" or \"second\"");
  }
  if (rule_.per == Per::kQuery && !rule_.kind->carries(Carrier::kDns)) {
    problems_.add(position_of(node_, "per"), fault_ + " cannot be drawn per query",
                  "queries are of DNS: use \"connection\"");
  }
  if (rule_.fault->needs_both_directions() && rule_.match.direction != DirectionChoice::kBoth) {
    problems_.add(direction->where, "round_trip needs both directions", "leave direction out");
  }
  if (rule_.match.is_for_dns() && !rule_.kind->carries(Carrier::kDns)) {
    problems_.add(position_of(node_, "match"), fault_ + " does not act on DNS queries",
                  "qname, qtype and transport are known of DNS queries only");
  }
  if (rule_.kind->level == Level::kBytes) return;
  if (rule_.kind->level == Level::kFirewall) return check_firewall_level();
  if (direction != nullptr) {
    const bool message = rule_.kind->level == Level::kMessage;
    problems_.add(direction->where,
                  fault_ + (message ? " acts on a query and its answer"
                                    : " acts before bytes flow in any direction"),
                  "leave direction out");
  }
  if (rule_.kind->level == Level::kMessage) return check_message_level();
  if (rule_.kind->level == Level::kConnection) {
    if (rule_.per == Per::kSecond) {
      problems_.add(position_of(node_, "per"), fault_ + " acts once a connection",
                    "use per = \"connection\" or \"client\"");
    }
    return;
  }
  check_listener_level();
}

void FitCheck::check_carriers(Position what) const {
  const auto& names = rule_.match.listener;
  const Listener* stranger = nullptr;
  for (const auto& listener : listeners_) {
    const bool named = std::find(names.begin(), names.end(), listener.name) != names.end();
    const bool carried = rule_.kind->carries(carrier_of(listener.protocol));
    if (names.empty() && carried) return;
    if (!carried && (named || names.empty()) && stranger == nullptr) stranger = &listener;
  }
  if (stranger == nullptr) return;
  const auto where = names.empty() ? what : position_of(*node_.find("match"), "listener");
  const auto why = stranger->protocol == Protocol::kTcp ? why_not_for_streams(rule_.kind->name)
                                                        : std::string_view{};
  problems_.add(
      where,
      why.empty()
          ? "fault " + in_quotes(rule_.kind->name) + " does not act on listener " +
                in_quotes(stranger->name) + ", which is " + std::string(name_of(stranger->protocol))
          : "a stream cannot have the fault " + in_quotes(rule_.kind->name),
      why.empty() ? "it acts on " + carriers_text(rule_.kind->carriers) : std::string(why));
}

void FitCheck::check_message_level() const {
  if (rule_.per != Per::kSecond && rule_.per != Per::kChunk) return;
  problems_.add(position_of(node_, "per"), fault_ + " acts on one query",
                "use per = \"query\" or \"client\"");
}

void FitCheck::check_firewall_level() const {
  for (const std::string_view key : {"match", "probability", "per", "ramp"}) {
    if (node_.find(key) == nullptr) continue;
    problems_.add(
        position_of(node_, key), fault_ + " has no " + std::string(key),
        "it is a mistake in a list, which then decides for every flow; its time is given by "
        "start and duration");
  }
}

void FitCheck::check_listener_level() const {
  constexpr std::string_view kHint =
      "it acts on the port, before anything is known of a client: match only listeners, or use "
      "\"refuse\"";
  const Match& match = rule_.match;
  const bool narrows =
      !match.client.empty() || !match.destination.empty() || match.ordinals().any();
  if (narrows) {
    problems_.add(position_of(node_, "match"), fault_ + " cannot choose connections",
                  std::string(kHint));
  }
  for (const std::string_view key : {"probability", "per", "ramp"}) {
    if (node_.find(key) == nullptr) continue;
    problems_.add(position_of(node_, key), fault_ + " has no " + std::string(key),
                  std::string(kHint));
  }
}

}  // namespace brownout::rules
