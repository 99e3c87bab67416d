#include "rules/match/match.h"

#include <algorithm>

#include "rules/match/read_except.h"

namespace brownout::rules {
namespace {

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

std::string_view Match::connection_mismatch(const FlowFacts& flow) const {
  const bool heard = listener.empty() ||
                     std::find(listener.begin(), listener.end(), flow.listener) != listener.end();
  if (!heard) return "listener";
  if (!client.empty() && !any_contains(client, flow.client)) return "client";
  if (!source_port.empty() && !any_has(source_port, flow.client_port)) return "source_port";
  if (!destination.empty() && !any_contains(destination, flow.destination)) return "destination";
  if (!port.empty() && !any_has(port, flow.destination_port)) return "port";
  const bool other_node =
      !flow.node || std::find(node.begin(), node.end(), *flow.node) == node.end();
  if (!node.empty() && other_node) return "node";
  if (!host.empty() && !matches_host(flow)) return "host";
  if (!tls.any()) return "";
  return flow.hello == nullptr ? "hello" : tls.mismatch(*flow.hello);
}

std::string_view Match::mismatch(const FlowFacts& flow, bool of_response) const {
  auto wrong = connection_mismatch(flow);
  if (wrong.empty() && dns.any()) wrong = dns.mismatch(flow.dns);
  if (wrong.empty() && http.any()) {
    wrong = flow.http == nullptr ? "request" : http.mismatch(*flow.http, of_response);
  }
  return wrong;
}

bool Match::matches_connection(const FlowFacts& flow, std::string_view* why_not) const {
  auto wrong = connection_mismatch(flow);
  const bool excludes = std::any_of(except.begin(), except.end(), [&](const Except& entry) {
    const auto& keys = entry.match;
    const bool more = keys.is_for_messages() || keys.http.any() || keys.dns.any();
    return !more && keys.connection_mismatch(flow).empty();
  });
  if (wrong.empty() && excludes) wrong = "not";
  return wrong.empty() || fails(why_not, wrong);
}

bool Match::matches(const FlowFacts& flow, std::string_view* why_not) const {
  const bool late = of_response();
  auto wrong = mismatch(flow, late);
  if (wrong.empty()) wrong = excluded(flow, late);
  return wrong.empty() || fails(why_not, wrong);
}

// Compares the key `host` with the name that the client sends: the host of an HTTP request, or the
// SNI. Without such a name, compares with the known DNS names of the destination's address, and
// with the address itself. (A client that connects to an IP address sends no SNI: RFC 6066, 3.)
bool Match::matches_host(const FlowFacts& flow) const {
  const auto named = [&](std::string_view name) { return any_matches(host, name); };
  if (flow.http != nullptr) return named(flow.http->host);
  if (flow.hello != nullptr && !flow.hello->sni.empty()) return named(flow.hello->sni);
  if (flow.names && std::any_of(flow.names->begin(), flow.names->end(), named)) return true;
  return flow.intercepted && flow.destination && named(to_text(*flow.destination));
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
            "only messages of at least this size: that of the payload" + sizes),
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
      field("client", &Match::client, "only connections of clients in these prefixes"),
      field("destination", &Match::destination,
            "only connections to servers whose address is in these prefixes"),
      field("port", &Match::port,
            "only connections to these ports of the server: 1883, \"8000-8999\""),
      field("source_port", &Match::source_port,
            "only connections from these ports of the client: 5000, \"40000-40999\""),
      field("node", &Match::node,
            "kafka: only connections to the brokers with these ids (node.id), at a listener with "
            "brokers = \"follow\"; connections for bootstrap.servers have no id, and never match",
            {.least = 0, .most = INT32_MAX}),
      field("direction", &Match::direction,
            "only data in this direction: upstream is from client to server, downstream from "
            "server to client"),
      field("first", &Match::first,
            "the rule acts only on this many matches. They are counted from the time when the rule "
            "takes effect, without the matches that `after` skips. Depending on the fault, a match "
            "is a connection, request, query, message, datagram or handshake",
            {.least = 1}),
      field("after", &Match::after,
            "the rule skips this many matches before it acts; counted as for `first`",
            {.least = 0}),
      field("every", &Match::every,
            "the rule acts on every Nth match: with 3, on the third, sixth, ninth and so on; "
            "counted as for `first`, after the matches that `after` skips",
            {.least = 1}),
      nested<Match>("once", "true | false", "short for first = 1", read_once),
      field(
          "count", &Match::count,
          "\"connection\": `first`, `after` and `every` count connections (UDP: sessions) instead "
          "of "
          "requests, messages or datagrams. A connection is counted at its first match, and if it "
          "is "
          "selected, the rule acts on all its matches. DNS queries are always counted one by one. "
          "\"client\": they count client addresses in the order of their first matches, and the "
          "rule "
          "acts on all matches of a selected client: first = 2 means two clients"),
      field("count_per", &Match::count_per,
            "whether `first`, `after` and `every` count all matches of the rule together, or those "
            "of each client address separately"),
      field("host", &Match::host,
            "only requests to these hosts, without the port. On listeners that intercept or are "
            "proxies, also connections to these hosts: the name is the one that the client sent or "
            "resolved by DNS, or the address itself. If several names have the same address, the "
            "name in the Host header or the SNI decides. Patterns as for qname"),
      nested<Match>("not", "table of keys of match, or list of them",
                    "exceptions: the rule does not act on traffic that matches all keys of the "
                    "table, or of any table in a list: { path = \"/health\", method = \"GET\" }. "
                    "With { header = { x-a = \"*\" } } the rule acts only on requests without this "
                    "header. Keys of a protocol limit the rule to this protocol here, too",
                    read_except),
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
