#include "rules/match/match.h"

#include <algorithm>

namespace brownout::rules {
namespace {

// This key exists for HTTP requests and for messages.
constexpr std::string_view kHeader = "header";

bool fails(std::string_view* why_not, std::string_view key) {
  if (why_not != nullptr) *why_not = key;
  return false;
}

}  // namespace

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

bool Match::covers(Direction asked) const {
  switch (direction) {
    case DirectionChoice::kBoth:
      return true;
    case DirectionChoice::kUpstream:
      return asked == Direction::kUpstream;
    case DirectionChoice::kDownstream:
      return asked == Direction::kDownstream;
  }
  return false;
}

bool Match::selects_listener(std::string_view name) const {
  return listener.empty() || std::find(listener.begin(), listener.end(), name) != listener.end();
}

bool Match::matches_connection(const FlowFacts& flow, std::string_view* why_not) const {
  if (!selects_listener(flow.listener)) return fails(why_not, "listener");
  if (!client.empty() && !any_contains(client, flow.client)) return fails(why_not, "client");
  if (!destination.empty() && !any_contains(destination, flow.destination)) {
    return fails(why_not, "destination");
  }
  if (!port.empty() && !any_has(port, flow.destination_port)) return fails(why_not, "port");
  if (!host.empty() && !matches_host(flow)) return fails(why_not, "host");
  std::string_view wrong;
  if (is_for_tls()) wrong = flow.hello == nullptr ? "hello" : tls.mismatch(*flow.hello);
  return wrong.empty() || fails(why_not, wrong);
}

bool Match::matches(const FlowFacts& flow, std::string_view* why_not) const {
  if (!matches_connection(flow, why_not)) return false;
  std::string_view wrong;
  if (is_for_dns()) wrong = dns.mismatch(flow.dns);
  if (wrong.empty() && is_for_http()) {
    wrong = flow.http == nullptr ? "request" : http.mismatch(*flow.http);
  }
  return wrong.empty() || fails(why_not, wrong);
}

// Compares the key `host` with the host of an HTTP request, or with the name of a connection's
// destination: the SNI, or without one the known names of its address.
bool Match::matches_host(const FlowFacts& flow) const {
  const auto named = [&](std::string_view name) { return any_matches(host, name); };
  if (flow.http != nullptr) return named(flow.http->host);
  if (flow.hello != nullptr && !flow.hello->sni.empty()) return named(flow.hello->sni);
  return flow.names && std::any_of(flow.names->begin(), flow.names->end(), named);
}

void Match::settle_shared_keys(bool requests) {
  if (http.header.empty() || !message.has(kHeader)) return;
  HttpMatch others = http;
  others.header.clear();
  if (message.has_another_than(kHeader) || (!requests && !others.any())) {
    http.header.clear();
  } else {
    message.drop(kHeader);
  }
}

namespace {

// Returns the keys for messages: those that all protocols have, then the protocol-specific ones.
std::vector<Field<Match>> message_fields() {
  std::string sizes;
  std::string texts;
  for (const auto* protocol : message_protocols()) {
    texts += (texts.empty() ? "" : "; ") + std::string(protocol->name()) + ": " +
             std::string(protocol->about_text());
    if (protocol->about_size().empty()) continue;
    sizes += ", for " + std::string(protocol->title()) + " " + std::string(protocol->about_size());
  }
  std::vector<Field<Match>> fields{
      field("min_size", &Match::min_size,
            "only messages of at least this size, which is that of the payload" + sizes),
      field("max_size", &Match::max_size,
            "only messages of at most this size, measured as for `min_size`"),
      field("text", &Match::text, texts),
  };
  for (auto& key : MessageConditions::keys()) {
    fields.push_back(
        {key.info, false, [key](const Node& node, Match& match, Diagnostics& problems) {
           match.message.read(key, node, problems);
         }});
  }
  return fields;
}

void read_once(const Node& node, Match& match, Diagnostics& problems) {
  const auto once = detail::read_value<bool>("once", node, {}, problems);
  if (once && *once) match.first = 1;
}

std::vector<Field<Match>> fields_of_flows() {
  return {
      field("listener", &Match::listener, "only connections to these listeners"),
      field("client", &Match::client, "only clients in these prefixes"),
      field("destination", &Match::destination,
            "only connections that Brownout forwards to a server address in these prefixes"),
      field(
          "port", &Match::port,
          "only connections that Brownout forwards to these ports of servers: 1883, \"8000-8999\""),
      field("direction", &Match::direction,
            "upstream is from client to server, downstream from server to client"),
      field("first", &Match::first,
            "the rule acts on this many matches only, counted since it took effect and without "
            "those that `after` skips; it counts what its fault acts on: connections, requests, "
            "queries, messages, datagrams or handshakes",
            {.least = 1}),
      field("after", &Match::after,
            "the rule skips this many matches before it acts; counted as for `first`",
            {.least = 0}),
      field("every", &Match::every,
            "the rule acts on one of this many matches, the last: with 3, on the third, sixth, "
            "ninth and so on; counted as for `first`, after those that `after` skips",
            {.least = 1}),
      nested<Match>("once", "true | false", "short for first = 1", read_once),
      field("count", &Match::count,
            "\"connection\": `first`, `after` and `every` count connections (UDP: sessions) in "
            "place of what the fault acts on. A connection counts when something on it matches for "
            "the first time. All matches on a selected connection are selected. DNS queries are "
            "always counted one by one"),
      field("count_per", &Match::count_per,
            "whether `first`, `after` and `every` count all matches of the rule together, or those "
            "of each client address separately"),
      field("host", &Match::host,
            "only requests to these hosts, without the port; on listeners that intercept or are "
            "proxies, also connections to a destination by the name that the client sent (SNI), or "
            "without one by the names that it resolved by DNS (all names with the same address "
            "match); patterns as for qname"),
  };
}

// Appends `more` to `fields`. If a key exists already, both fields read its value.
void add(std::vector<Field<Match>>& fields, const std::vector<Field<Match>>& more) {
  for (const auto& field : more) {
    const auto known = std::find_if(fields.begin(), fields.end(), [&](const Field<Match>& other) {
      return other.info.name == field.info.name;
    });
    if (known == fields.end()) {
      fields.push_back(field);
      continue;
    }
    known->info.meaning += "; " + field.info.meaning;
    known->read = [first = known->read, second = field.read](const Node& node, Match& match,
                                                             Diagnostics& problems) {
      const auto before = problems.size();
      first(node, match, problems);
      if (problems.size() == before) second(node, match, problems);
    };
  }
}

}  // namespace

const Schema<Match>& match_schema() {
  static const Schema<Match> schema = [] {
    auto fields = fields_of_flows();
    add(fields, fields_of(&Match::dns, dns_match_fields()));
    add(fields, fields_of(&Match::http, http_match_fields()));
    add(fields, fields_of(&Match::tls, tls_match_fields()));
    add(fields, message_fields());
    return Schema<Match>(std::move(fields));
  }();
  return schema;
}

}  // namespace brownout::rules
