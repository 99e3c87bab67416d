#include "rules/language/check_fit.h"

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
  const bool carried = rule_.kind->level == Level::kFirewall || check_carriers(type);
  if (rule_.per == Per::kChunk && !rule_.kind->per_chunk) {
    problems_.add(position_of(node_, "per"), fault_ + " does not support per = \"chunk\"",
                  "this fault acts on a whole connection: use per = \"connection\", \"client\" or "
                  "\"second\"");
  }
  if (rule_.per == Per::kQuery && !rule_.kind->carries(Carrier::kDns)) {
    problems_.add(position_of(node_, "per"), fault_ + " does not support per = \"query\"",
                  "only faults of DNS act per query: use per = \"connection\"");
  }
  if (rule_.kind->carries(Carrier::kHttp)) {
    check_http();
  } else {
    check_not_http();
  }
  check_ramp();
  check_tls();
  check_node();
  check_connection();
  if (rule_.fault->needs_both_directions() && rule_.match.direction != DirectionChoice::kBoth) {
    problems_.add(direction->where, "round_trip = true needs a rule in both directions",
                  "leave direction out");
  }
  if (rule_.match.count == Count::kConnection &&
      rule_.acting().without(CarrierSet(Carrier::kDns)).empty()) {
    problems_.add(position_of(*match, "count"),
                  fault_ + " acts on queries, so it cannot count connections",
                  "leave count out: first, after, every and once count queries");
  }
  if (rule_.match.is_for_dns() && !rule_.acting().has(Carrier::kDns)) {
    problems_.add(
        position_of(node_, "match"), fault_ + settings_remark() + " does not act on DNS queries",
        rule_.kind->carries(Carrier::kDns) ? settings_hint()
                                           : "only DNS queries have qname, qtype and transport");
  }
  if (rule_.kind->level == Level::kFirewall) return check_firewall_level();
  note_keys_without_effect();
  note_dns();
  if (carried) check_messages();
  check_direction_of_messages();
  check_direction_of_keys();
  check_contradictions();
  check_direction_of_requests();
  check_refusal_keys();
  if (rule_.kind->level == Level::kBytes) return check_exchanges();
  const bool of_messages = rule_.kind->carries(Carrier::kMessage) && has(kMessages);
  if (direction != nullptr && !rule_.kind->directed && !of_messages) {
    const bool dns = !rule_.kind->carries(Carrier::kHttp) && rule_.kind->carries(Carrier::kDns);
    problems_.add(
        direction->where,
        fault_ + (rule_.kind->level != Level::kMessage
                      ? " acts before any data flows, so it has no direction"
                  : dns ? " acts on a query together with its answer, so it has no direction"
                        : " acts on a request together with its response, so it has no direction"),
        "leave direction out");
  }
  if (rule_.kind->level == Level::kMessage) return check_message_level();
  if (rule_.kind->level == Level::kConnection) {
    if (rule_.per == Per::kSecond) {
      problems_.add(position_of(node_, "per"), fault_ + " acts once per connection",
                    rule_.kind->per_chunk ? "use per = \"connection\", \"client\" or \"chunk\""
                                          : "use per = \"connection\" or \"client\"");
    }
    return;
  }
  check_listener_level();
}

// A preset hides its fault, so the error names the preset and the protocol that it needs.
void FitCheck::run(const RulePreset& preset, Position where) const {
  const bool streams =
      any_matched([](const Listener& listener) { return listener.protocol.has_body_messages(); });
  if (!preset.of_streams || streams) return run(where);
  problems_.add(where,
                "preset " + in_quotes(preset.name) +
                    " acts on event streams, and no listener that the rule matches reads them",
                "write protocol = \"sse\" in the [[listener]]: it is an http listener that also "
                "reads the events in bodies");
}

void FitCheck::check_preset(std::string_view name, Position where) {
  fault_ = "preset " + in_quotes(name);
  const bool carried = check_carriers(where);
  check_not_http();
  if (carried) check_messages();
  note_dns();
}

void FitCheck::check_ramp() const {
  if (node_.find("ramp") == nullptr || rule_.fault->ramps()) return;
  problems_.add(position_of(node_, "ramp"), fault_ + " has no setting that `ramp` could increase",
                "while ramp lasts, " + std::string(rule_.kind->ramped) +
                    ": set this value, or leave ramp out");
}

const Node* FitCheck::where_in_match(std::string_view key) const {
  const auto& match = *node_.find("match");
  if (const auto* own = match.find(key)) return own;
  const auto* except = match.find("not");
  if (except == nullptr) return nullptr;
  if (except->array() == nullptr) return except->find(key);
  for (const auto& table : *except->array()) {
    if (const auto* inner = table.find(key)) return inner;
  }
  return nullptr;
}

Position FitCheck::position_in_match(std::string_view key) const {
  const auto* found = where_in_match(key);
  return found != nullptr ? found->where : position_of(*node_.find("match"), key);
}

// Returns the words that are added to an error if other settings of the fault would avoid it.
std::string FitCheck::settings_remark() const {
  return rule_.acting() == rule_.kind->carriers ? std::string() : " with these settings";
}

std::string FitCheck::settings_hint() const {
  return "use other keys in match: the fault acts on " +
         carriers_text(rule_.acting(), rule_.kind->protocols());
}

bool FitCheck::check_carriers(Position what) const {
  const auto& names = rule_.match.listener;
  const auto acts_on = rule_.acting();
  const Listener* mismatched = nullptr;
  for (const auto& listener : listeners_) {
    const auto messages = listener.protocol.messages();
    const auto common = acts_on & carriers_of(listener);
    const bool carried = !common.without(kMessages).empty() ||
                         (common == kMessages && rule_.kind->supports(messages));
    if (names.empty() && carried) return true;
    const bool selected = rule_.match.selects_listener(listener.name);
    if (!carried && selected && mismatched == nullptr) mismatched = &listener;
  }
  if (mismatched == nullptr) return true;
  const auto where = names.empty() ? what : position_in_match("listener");
  const auto why = mismatched->protocol == Protocol::kTcp ? why_not_for_streams(rule_.kind->name)
                                                          : std::string_view{};
  problems_.add(where,
                why.empty() ? fault_ + settings_remark() + " does not act on listener " +
                                  in_quotes(mismatched->name) + ", which is " +
                                  std::string(mismatched->protocol.name())
                            : "a stream cannot have the fault " + in_quotes(rule_.kind->name),
                why.empty() ? hint_of_carriers() : std::string(why));
  return false;
}

// Says on which traffic the fault acts and, if few protocols have it, which ones.
std::string FitCheck::hint_of_carriers() const {
  constexpr std::ptrdiff_t kFew = 3;
  const auto protocols = rule_.kind->protocols();
  auto text = "it acts on " + carriers_text(rule_.acting(), protocols);
  const auto all = message_protocols();
  const auto count = std::count_if(all.begin(), all.end(),
                                   [&](const auto* protocol) { return protocols.has(*protocol); });
  if (rule_.acting() != kMessages || count > kFew) return text;
  return text + ": " + how_to_have(protocols);
}

void FitCheck::check_message_level() const {
  if (rule_.per != Per::kSecond && rule_.per != Per::kChunk) return;
  const bool dns = !rule_.kind->carries(Carrier::kHttp);
  problems_.add(position_of(node_, "per"),
                fault_ + " acts on each " + (dns ? "query" : "request") + " separately",
                dns ? "use per = \"query\" or \"client\""
                    : "use per = \"request\", \"connection\" or \"client\"");
}

// Keys for HTTP requests require that at least one listener that the rule matches has HTTP
// requests.
void FitCheck::check_http() const {
  const bool asks = rule_.match.is_for_http();
  if (rule_.per == Per::kRequest && rule_.kind->level == Level::kBytes && !has(kHttpRequests)) {
    problems_.add(position_of(node_, "per"), "no listener that the rule matches has HTTP requests",
                  "use per = \"message\", or leave it out");
  }
  if (asks && !rule_.fault->acts_on(Carrier::kHttp) && !acts_on_messages_of_requests()) {
    const auto& fields = rule_.kind->fields();
    const bool unit = std::any_of(fields.begin(), fields.end(),
                                  [](const FieldInfo& field) { return field.name == "unit"; });
    problems_.add(position_of(node_, "match"),
                  fault_ + settings_remark() + " does not act on HTTP requests",
                  unit ? "write unit = \"request\" in the fault" : settings_hint());
  } else if (asks && !has(kHttpRequests)) {
    problems_.add(position_of(node_, "match"),
                  "no listener that the rule matches has HTTP requests",
                  "write protocol = \"http\" in the [[listener]]");
  }
  if (!rule_.match.of_response()) return;
  const std::string key = where_in_match("status") != nullptr ? "status" : "response_header";
  const bool of_responses =
      rule_.kind->level == Level::kMessage || rule_.kind->carries(Carrier::kMessage);
  if (rule_.kind->http_part == ExchangePart::kRequest || !of_responses) {
    problems_.add(position_in_match(key), fault_ + " acts before the response exists",
                  "leave " + key + " out");
  } else if (rule_.match.direction == DirectionChoice::kUpstream) {
    problems_.add(position_in_match(key),
                  "only responses have a " + key + ", and they go downstream",
                  "leave direction out");
  }
}

// Keys for TLS handshakes require that at least one listener that the rule matches has TLS. Some
// faults require a listener that terminates TLS.
void FitCheck::check_tls() const {
  if (rule_.match.is_for_tls() && !has(kTlsHandshakes)) {
    problems_.add(position_of(node_, "match"), "no listener that the rule matches has TLS",
                  "write protocol = \"tls\", or tls = { ... }, in the [[listener]]");
  }
  if (rule_.kind->terminated && has(kTlsHandshakes) &&
      !any_matched([](const Listener& listener) { return listener.tls.has_value(); })) {
    problems_.add(node_.where, fault_ + " needs a listener that terminates TLS",
                  "write tls = { ca = \"...\" } in the [[listener]]; see `brownout ca init`");
  }
  if (!rule_.kind->needs_ca) return;
  if (any_matched([](const Listener& listener) {
        return listener.tls && listener.tls->ca.empty() && !listener.decrypts();
      })) {
    problems_.add(node_.where, fault_ + " needs a CA that issues certificates",
                  "write tls = { ca = \"...\" } in the [[listener]]; see `brownout ca init`");
  }
}

void FitCheck::check_node() const {
  const bool follows =
      any_matched([](const Listener& listener) { return listener.brokers == Brokers::kFollow; });
  if (!rule_.match.is_for_node() || follows) return;
  problems_.add(position_in_match("node"),
                "no listener that the rule matches knows the ids of its servers",
                "write brokers = \"follow\" in the [[listener]] of Kafka");
}

bool FitCheck::any_matched(const std::function<bool(const Listener&)>& condition) const {
  return std::any_of(listeners_.begin(), listeners_.end(), [&](const Listener& listener) {
    return rule_.match.selects_listener(listener.name) && condition(listener);
  });
}

ProtocolSet FitCheck::messages_matched() const {
  ProtocolSet all;
  for (const auto& listener : listeners_) {
    if (rule_.match.selects_listener(listener.name)) all = all | listener.protocol.messages();
  }
  return all;
}

bool FitCheck::supports(ProtocolSet protocols) const {
  return any_matched([&](const Listener& listener) {
    return !(listener.protocol.messages() & protocols).empty();
  });
}

bool FitCheck::has(CarrierSet carriers) const {
  return any_matched(
      [&](const Listener& listener) { return !(carriers_of(listener) & carriers).empty(); });
}

// Reports a direction that excludes all HTTP and DNS messages on which the fault acts. An example
// is "upstream" for a fault that acts on responses.
void FitCheck::check_exchanges() const {
  const auto acts_on = rule_.acting();
  const auto acts_only_on = [&](CarrierSet carrier) {
    return has(acts_on & carrier) && !has(acts_on.without(carrier));
  };
  const auto check = [&](Carrier carrier, ExchangePart part, const std::string& protocol,
                         std::string_view request, std::string_view response) {
    const bool acts = rule_.acts_on_half(carrier, Direction::kUpstream) ||
                      rule_.acts_on_half(carrier, Direction::kDownstream);
    if (acts || !acts_only_on(CarrierSet(carrier))) return;
    const bool of_requests = part == ExchangePart::kRequest;
    problems_.add(position_of(*node_.find("match"), "direction"),
                  fault_ + " acts on " + std::string(of_requests ? request : response) + " of " +
                      protocol + ", which go " + (of_requests ? "upstream" : "downstream"),
                  "leave direction out");
  };
  check(Carrier::kHttp, rule_.kind->http_part, "HTTP", "requests", "responses");
  check(Carrier::kDns, rule_.kind->dns_part, "DNS", "queries", "answers");
}

void FitCheck::check_not_http() const {
  if (rule_.match.is_for_http() && !acts_on_messages_of_requests()) {
    problems_.add(position_of(node_, "match"), fault_ + " does not act on HTTP requests",
                  "use a fault that acts on HTTP requests, e.g. \"delay\": only HTTP requests have "
                  "method, path, query, header, content_type, status and response_header");
  }
  if (rule_.per == Per::kRequest) {
    problems_.add(position_of(node_, "per"), fault_ + " does not support per = \"request\"",
                  "only faults of HTTP act per request: use per = \"connection\"");
  }
  if (rule_.max_active_faults) {
    problems_.add(position_of(node_, "max_active_faults"),
                  fault_ + " does not support max_active_faults",
                  "leave it out: max_active_faults counts HTTP requests");
  }
}

void FitCheck::check_firewall_level() const {
  for (const std::string_view key : {"match", "probability", "per", "ramp"}) {
    if (node_.find(key) == nullptr) continue;
    problems_.add(
        position_of(node_, key), fault_ + " does not support " + std::string(key),
        "it changes the firewall for all traffic; use start and duration to limit its time");
  }
}

void FitCheck::check_listener_level() const {
  constexpr std::string_view kHint =
      "it closes the port before any client connects: match by listener only, or use \"syn_loss\" "
      "(a connect hangs) or \"refuse\" (a RST)";
  const Match& match = rule_.match;
  const bool but_listeners = std::all_of(
      match.except.begin(), match.except.end(),
      [](const Except& entry) { return entry.keys == std::vector<std::string>{"listener"}; });
  const bool narrows = !match.client.empty() || !match.source_port.empty() ||
                       match.is_for_server() || match.is_for_host() || match.is_for_node() ||
                       match.ordinals().any() || !but_listeners;
  if (narrows) {
    problems_.add(position_of(node_, "match"), fault_ + " cannot act on selected connections only",
                  std::string(kHint));
  }
  for (const std::string_view key : {"probability", "per", "ramp"}) {
    if (node_.find(key) == nullptr) continue;
    problems_.add(position_of(node_, key), fault_ + " does not support " + std::string(key),
                  std::string(kHint));
  }
}

}  // namespace brownout::rules
