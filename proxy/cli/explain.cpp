// brownout explain: shows which rules would act on a connection, and why the others would not.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/cli/explain_message.h"
#include "proxy/cli/explain_options.h"
#include "proxy/cli/rule_file.h"
#include "proxy/formats/json_text.h"
#include "rules/language/explain.h"

namespace brownout::cli {
namespace {

std::optional<rules::IpAddress> parse_address(const std::string& option, const std::string& text,
                                              std::uint16_t& port) {
  const auto end = rules::parse_address_port(text);
  if (end) {
    port = end->port;
    return end->address;
  }
  fmt::print(stderr, "error: {} {}: not an address (e.g. 10.1.2.3 or [::1]:1883)\n", option, text);
  return std::nullopt;
}

// Adds the facts of a DNS query or of a datagram. Prints an error and returns false if one is
// invalid.
bool ask_dns(const ExplainOptions& options, const rules::Listener& listener,
             rules::FlowFacts& flow) {
  if (listener.protocol == rules::Protocol::kUdp) flow.carrier = rules::Carrier::kDatagram;
  if (listener.protocol != rules::Protocol::kDns) return true;
  flow.carrier = rules::Carrier::kDns;
  flow.destination = listener.listen.ip();
  flow.destination_port = listener.listen.port;
  flow.dns.transport = options.transport == "tcp" ? rules::Transport::kTcp : rules::Transport::kUdp;
  const auto type = rules::parse_dns_type(options.qtype.empty() ? "A" : options.qtype);
  if (!type) {
    fmt::print(stderr, "error: --qtype {}: not a record type (e.g. A, AAAA, TYPE65534)\n",
               options.qtype);
    return false;
  }
  if (options.qname.empty()) return true;
  flow.dns.question = rules::DnsQuestion{rules::canonical_name(options.qname), *type, 1};
  return true;
}

// The Host header that a client would send for the URL: without the user, and without the scheme's
// default port (RFC 9110, 7.2). "" if the URL is a path.
std::string host_header_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (url.starts_with('/') || scheme == std::string_view::npos) return {};
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host.remove_prefix(host.rfind('@') + 1);  // removes nothing if there is no user
  const std::string_view port =
      rules::same_header_name(url.substr(0, scheme), "https") ? ":443" : ":80";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return std::string(host);
}

// The first server of the listener's upstream; null if the file names none, or only a unix socket.
const rules::Endpoint* first_server(const rules::Config& config, const rules::Listener& listener) {
  for (const auto& upstream : config.upstreams) {
    if (upstream.name != listener.upstream || upstream.servers.empty()) continue;
    const auto& server = upstream.servers.front();
    return server.is_unix() ? nullptr : &server;
  }
  return nullptr;
}

// Fills in the HTTP request, and its response if there is one. The caller owns `exchange`, since
// the flow's facts point to it.
bool ask_http(const ExplainOptions& options, rules::HttpExchange& exchange) {
  rules::HttpHead request;
  request.method = options.method.empty() ? "GET" : options.method;
  request.target = options.url;
  for (const auto& text : options.headers) {
    const auto colon = text.find(':');
    auto header = rules::make_header(text.substr(0, colon),
                                     colon == std::string::npos ? "" : text.substr(colon + 1));
    if (!header || colon == std::string::npos) {
      fmt::print(stderr, "error: --header {}: not a header (e.g. \"user-agent: curl\")\n", text);
      return false;
    }
    header->value.erase(0, header->value.find_first_not_of(' '));
    request.headers.push_back(std::move(*header));
  }
  // Every HTTP client sends Host.
  const auto host = host_header_of(options.url);
  if (!host.empty() && request.find("host") == nullptr) request.append("host", host);
  exchange = rules::HttpExchange::of(std::move(request));
  if (options.status == 0) return true;
  rules::HttpHead response;
  response.status = options.status;
  exchange.set_response(std::move(response));
  return true;
}

std::optional<rules::Question> ask(const ExplainOptions& options, const rules::Config& config) {
  rules::Question question;
  question.flow.listener = options.listener;
  question.flow.ordinal = options.ordinal;
  const auto listener =
      std::find_if(config.listeners.begin(), config.listeners.end(),
                   [&](const auto& candidate) { return candidate.name == options.listener; });
  if (listener == config.listeners.end()) {
    std::vector<std::string_view> names;
    for (const auto& known : config.listeners) names.push_back(known.name);
    fmt::print(stderr, "error: --listener {}: there is no such listener; {}\n", options.listener,
               rules::suggest(options.listener, names));
    return std::nullopt;
  }
  if (const auto fit = options_fit(options, *listener); !fit) {
    fail(fit.error());
    return std::nullopt;
  }
  if (!options.client.empty()) {
    question.flow.client = parse_address("--client", options.client, question.flow.client_port);
    if (!question.flow.client) return std::nullopt;
  }
  const auto* server = first_server(config, *listener);
  if (options.destination.empty() && server != nullptr) {
    question.flow.destination = server->ip();
    question.flow.destination_port = server->port;
  }
  if (!options.destination.empty()) {
    question.flow.destination =
        parse_address("--destination", options.destination, question.flow.destination_port);
    if (!question.flow.destination) return std::nullopt;
  }
  if (!ask_dns(options, *listener, question.flow)) return std::nullopt;
  question.flow.speaks = listener->protocol.messages();
  question.message = message_of(options, listener->protocol);
  question.payload = options.text;
  const auto at = rules::parse_duration(options.at);
  if (!at) {
    fmt::print(stderr, "error: --at: {}; {}\n", at.error().what, at.error().hint);
    return std::nullopt;
  }
  question.at = *at;
  question.seed = options.seed ? options.seed : config.seed;
  return question;
}

// The server against which rules with a destination or a port were matched, as text.
std::string server_text(const rules::FlowFacts& flow) {
  if (flow.carrier == rules::Carrier::kDns || flow.destination_port == 0) return {};
  const auto port = std::to_string(flow.destination_port);
  return flow.destination ? ", server " + to_text(*flow.destination, flow.destination_port)
                          : ", port " + port + " of a server by name";
}

using Explanations = std::vector<rules::Explanation>;

std::int64_t acting_among(const Explanations& answers) {
  return std::count_if(answers.begin(), answers.end(),
                       [](const auto& answer) { return answer.acts; });
}

void print_explanations(const ExplainOptions& options, const rules::Question& question,
                        const Explanations& answers) {
  fmt::print("Connection {} to listener {}{}{}: {} of {} {}\n", options.ordinal, options.listener,
             options.client.empty() ? "" : " from " + options.client, server_text(question.flow),
             acting_among(answers), rules::count_of(answers.size(), "rule"),
             answers.size() == 1 ? "acts" : "act");
  std::size_t width = 4;
  for (const auto& answer : answers) width = std::max(width, answer.rule.size());
  int order = 0;
  for (const auto& answer : answers) {
    const auto mark = answer.acts ? fmt::format("{:>3}.", ++order) : std::string("  - ");
    fmt::print("{} {:<{}}  {:<16} {}\n", mark, answer.rule, width, answer.fault, answer.why);
  }
}

void print_explanations_as_json(const ExplainOptions& options, const rules::Question& question,
                                const Explanations& answers) {
  using ExplainJson = nlohmann::ordered_json;
  ExplainJson report{{"listener", options.listener},
                     {"connection", options.ordinal},
                     {"acting", acting_among(answers)},
                     {"rules", ExplainJson::array()}};
  const auto& flow = question.flow;
  if (flow.client) report["client"] = to_text(*flow.client, flow.client_port);
  if (flow.destination) report["server"] = to_text(*flow.destination, flow.destination_port);
  for (const auto& answer : answers) {
    report["rules"].push_back({{"name", answer.rule},
                               {"acts", answer.acts},
                               {"fault", answer.fault},
                               {"why", answer.why}});
  }
  fmt::print("{}\n", codecs::json_text(report, 1));
}

}  // namespace

int explain(const ExplainOptions& options) {
  const auto config = load(options.path);
  if (!config) return kBadInput;
  auto question = ask(options, *config);
  if (!question) return kBadInput;
  rules::HttpExchange exchange;
  rules::ClientHello hello;
  if (!options.url.empty()) {
    if (!ask_http(options, exchange)) return kBadInput;
    question->flow.carrier = rules::Carrier::kHttp;
    question->flow.http = &exchange;
    question->flow.message = 1;
  }
  if (!options.sni.empty() || !options.alpn.empty()) {
    hello.sni = rules::canonical_name(options.sni);
    if (!options.alpn.empty()) hello.alpn.push_back(options.alpn);
    question->flow.hello = &hello;
  }
  const auto answers = rules::explain(*config, *question);
  if (options.output == "json") {
    print_explanations_as_json(options, *question, answers);
  } else {
    print_explanations(options, *question, answers);
  }
  return 0;
}

}  // namespace brownout::cli
