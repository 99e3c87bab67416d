#include "rules/match/match.h"

#include <algorithm>

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
  if (!listener.empty() &&
      std::find(listener.begin(), listener.end(), flow.listener) == listener.end()) {
    return fails(why_not, "listener");
  }
  if (!client.empty() && !any_contains(client, flow.client)) return fails(why_not, "client");
  if (!destination.empty() && !any_contains(destination, flow.destination)) {
    return fails(why_not, "destination");
  }
  if (!port.empty() && !any_has(port, flow.destination_port)) return fails(why_not, "port");
  if (!host.empty() && !matches_host(flow)) return fails(why_not, "host");
  if (is_for_tls() && !matches_hello(flow, why_not)) return false;
  if (is_for_dns()) return matches_question(flow, why_not);
  if (is_for_http()) return matches_http(flow, why_not);
  return true;
}

bool Match::matches_hello(const FlowFacts& flow, std::string_view* why_not) const {
  if (flow.hello == nullptr) return fails(why_not, "hello");
  const auto& hello = *flow.hello;
  const auto named = [&](const NamePattern& pattern) { return pattern.matches(hello.sni); };
  if (!sni.empty() && std::none_of(sni.begin(), sni.end(), named)) return fails(why_not, "sni");
  const auto offered = [&](const std::string& protocol) {
    return std::find(hello.alpn.begin(), hello.alpn.end(), protocol) != hello.alpn.end();
  };
  if (!alpn.empty() && std::none_of(alpn.begin(), alpn.end(), offered))
    return fails(why_not, "alpn");
  if (!ja3.empty() && std::find(ja3.begin(), ja3.end(), hello.ja3) == ja3.end())
    return fails(why_not, "ja3");
  return true;
}

// Of a request its own; of a connection what is known of its destination.
bool Match::matches_host(const FlowFacts& flow) const {
  const auto named = [&](std::string_view name) {
    return std::any_of(host.begin(), host.end(),
                       [&](const NamePattern& pattern) { return pattern.matches(name); });
  };
  if (flow.http != nullptr) return named(flow.http->host);
  if (flow.hello != nullptr && named(flow.hello->sni)) return true;
  return flow.names && std::any_of(flow.names->begin(), flow.names->end(), named);
}

bool Match::matches_http(const FlowFacts& flow, std::string_view* why_not) const {
  if (flow.http == nullptr) return fails(why_not, "request");
  const auto& http = *flow.http;
  const auto& sent = http.request.method;
  if (!method.empty() && std::find(method.begin(), method.end(), sent) == method.end())
    return fails(why_not, "method");
  if (!path.empty() && !any_matches(path, http.path)) return fails(why_not, "path");
  if (!query.empty() && !any_matches(query, http.query)) return fails(why_not, "query");
  for (const auto& wanted : header) {
    const auto* value = http.request.find(wanted.name);
    if (value == nullptr || !wanted.value.matches(*value)) return fails(why_not, "header");
  }
  // With a status, the rule is about the response.
  if (!status.empty()) {
    const auto chosen = [&](const StatusRange& one) {
      return http.response && one.contains(http.response->status);
    };
    if (std::none_of(status.begin(), status.end(), chosen)) return fails(why_not, "status");
  }
  const auto& media_type = status.empty() ? http.request_type : http.response_type;
  if (!content_type.empty() && !any_matches(content_type, media_type))
    return fails(why_not, "content_type");
  return true;
}

bool Match::matches_question(const FlowFacts& flow, std::string_view* why_not) const {
  const auto* asked = flow.question ? &*flow.question : nullptr;
  const auto named = [&](const NamePattern& pattern) { return pattern.matches(asked->name); };
  if (!qname.empty() && (asked == nullptr || std::none_of(qname.begin(), qname.end(), named))) {
    return fails(why_not, "qname");
  }
  if (!qtype.empty() &&
      (asked == nullptr || std::find(qtype.begin(), qtype.end(), asked->type) == qtype.end())) {
    return fails(why_not, "qtype");
  }
  if (transport && flow.transport != transport) return fails(why_not, "transport");
  return true;
}

namespace {

void read_headers(const Node& node, Match& match, Diagnostics& problems) {
  match.header = read_header_patterns("header", R"(user-agent = "curl/*")", node, problems);
}

// What is known of one message: of any, and what only its protocol knows.
std::vector<Field<Match>> message_fields() {
  std::string sizes;
  std::string texts;
  for (const auto* protocol : message_protocols()) {
    texts += (texts.empty() ? "" : "; ") + std::string(protocol->name()) + ": " +
             std::string(protocol->about_text());
    if (protocol->about_size().empty()) continue;
    sizes += ", of " + std::string(protocol->title()) + " " + std::string(protocol->about_size());
  }
  std::vector<Field<Match>> fields{
      field("min_size", &Match::min_size,
            "only messages of this size or more: the payload's" + sizes),
      field("max_size", &Match::max_size, "only messages that are no larger"),
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

}  // namespace

const Schema<Match>& match_schema() {
  static const Schema<Match> schema{
      {
          field("listener", &Match::listener, "only connections to these listeners"),
          field("client", &Match::client, "only clients in these prefixes"),
          field("destination", &Match::destination,
                "only servers in these prefixes, by the address that is dialled"),
          field("port", &Match::port,
                "only servers' ports, by the address that is dialled: 1883, \"8000-8999\""),
          field("direction", &Match::direction,
                "upstream is from client to server, downstream from server to client"),
          field(
              "first", &Match::first,
              "only the first n matching connections since the rule began (counted behind `after`)",
              {.least = 1}),
          field("after", &Match::after, "not the first n matching connections", {.least = 0}),
          field("every", &Match::every,
                "only every n-th matching connection (counted behind `after`)", {.least = 1}),
          field("qname", &Match::qname,
                "dns: only queries for these names: \"chat.example.org\", \".example.org\" (it and "
                "all "
                "below it), \"*-eu.example.org\""),
          field("qtype", &Match::qtype, "dns: only queries for these types, e.g. \"AAAA\""),
          field("transport", &Match::transport, "dns: only queries that came this way"),
          field("method", &Match::method, "http: only requests with these methods, e.g. \"POST\""),
          field(
              "host", &Match::host,
              "only requests to these hosts, without the port; on listeners that intercept, or are "
              "proxies, also connections to an address that DNS or the client gave for such a "
              "name, "
              "and so to other names that have the same address; patterns as for qname"),
          field("path", &Match::path,
                "http: only these paths, without the query: \"/v1/*\" (* is any characters), or a "
                "regular expression behind a ~: \"~^/v[0-9]+/\""),
          field("query", &Match::query,
                "http: only these queries (what follows the ?), as for path"),
          nested<Match>(
              "header", "table of patterns",
              "http: only requests with all of these headers: { user-agent = \"curl/*\" }",
              read_headers),
          field("content_type", &Match::content_type,
                "http: only this media type, in lower case and without parameters: of the request, "
                "or, "
                "with status, of the response"),
          field("status", &Match::status,
                "http: only responses with this status: 404, \"5xx\", \"500-504\"; the rule then "
                "acts "
                "on the response only"),
          field("sni", &Match::sni,
                "tls: only clients that ask for these names; patterns as for qname"),
          field("alpn", &Match::alpn, "tls: only clients that offer one of these, e.g. \"h2\""),
          field("ja3", &Match::ja3,
                "tls: only clients whose hello has this JA3 hash, 32 hexadecimal digits"),
      },
      message_fields()};
  return schema;
}

}  // namespace brownout::rules
