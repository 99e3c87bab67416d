#include "rules/language/ask.h"

#include <algorithm>
#include <cstdint>

#include "rules/base/diagnostics.h"
#include "rules/base/find_named.h"
#include "rules/base/whole_number.h"
#include "rules/language/syn_listener.h"
#include "rules/protocols/grpc/grpc_message.h"

namespace brownout::rules {
namespace {

using Done = Result<void>;

tl::unexpected<Error> no_such(const std::string& option, const std::string& text,
                              const std::string& why) {
  return tl::unexpected(Error{.origin = Origin::kConfig, .what = option + " " + text + ": " + why});
}

Done ask_address(const std::string& option, const std::string& text,
                 std::optional<IpAddress>& address, std::uint16_t& port) {
  const auto end = parse_address_port(text);
  if (!end) return no_such(option, text, "this is not an address (e.g. 10.1.2.3 or [::1]:1883)");
  address = end->address;
  port = end->port;
  return {};
}

// Adds the facts of a DNS query or of a datagram.
Done ask_dns(const Asked& asked, const Listener& listener, FlowFacts& flow) {
  if (listener.protocol == Protocol::kUdp) flow.carrier = Carrier::kDatagram;
  if (listener.protocol != Protocol::kDns) return {};
  flow.carrier = Carrier::kDns;
  flow.destination = listener.listen.ip();
  flow.destination_port = listener.listen.port;
  flow.dns.transport = asked.transport == "tcp" ? Transport::kTcp : Transport::kUdp;
  const auto type = parse_dns_type(asked.qtype.empty() ? "A" : asked.qtype);
  if (!type) {
    return no_such("qtype", asked.qtype, "this is not a record type (e.g. A, AAAA, TYPE65534)");
  }
  if (asked.qname.empty()) return {};
  flow.dns.question = DnsQuestion{canonical_name(asked.qname), *type, 1};
  return {};
}

// Returns the Host header that a client would send for the URL: without the user, and without the
// scheme's default port (RFC 9110, 7.2). Returns "" if the URL is a path.
std::string host_header_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (url.starts_with('/') || scheme == std::string_view::npos) return {};
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host.remove_prefix(host.rfind('@') + 1);  // removes nothing if there is no user
  const std::string_view port = same_header_name(url.substr(0, scheme), "https") ? ":443" : ":80";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return std::string(host);
}

// Returns the first server of the listener's upstream; null if the file names no server, or if the
// first server is a unix socket.
const Endpoint* first_server(const Config& config, const Listener& listener) {
  for (const auto& upstream : config.upstreams) {
    if (upstream.name != listener.upstream || upstream.servers.empty()) continue;
    const auto& server = upstream.servers.front();
    return server.is_unix() ? nullptr : &server;
  }
  return nullptr;
}

Done ask_headers(const std::string& option, const std::vector<std::string>& texts, HttpHead& head) {
  for (const auto& text : texts) {
    const auto colon = text.find(':');
    auto header = make_header(text.substr(0, colon),
                              colon == std::string::npos ? "" : text.substr(colon + 1));
    if (!header || colon == std::string::npos) {
      return no_such(option, text, "this is not a header (e.g. \"user-agent: curl\")");
    }
    header->value.erase(0, header->value.find_first_not_of(' '));
    head.headers.push_back(std::move(*header));
  }
  return {};
}

// Fills in the HTTP request, and its response if there is one. Calls of gRPC are POST requests.
Done ask_http(const Asked& asked, bool grpc, HttpExchange& exchange) {
  if (auto done = check_method(asked.method); !done) return done;
  HttpHead request;
  request.method = !asked.method.empty() ? asked.method : grpc ? "POST" : "GET";
  request.target = asked.url;
  if (auto done = ask_headers("header", asked.headers, request); !done) return done;
  // Every HTTP client sends Host.
  const auto host = host_header_of(asked.url);
  if (!host.empty() && request.find("host") == nullptr) request.append("host", host);
  exchange = HttpExchange::of(std::move(request));
  if (asked.status == 0 && asked.response_headers.empty()) return {};
  HttpHead response;
  response.status = asked.status == 0 ? 200 : asked.status;
  if (auto done = ask_headers("response-header", asked.response_headers, response); !done) {
    return done;
  }
  exchange.set_response(std::move(response));
  return {};
}

// Returns the protocol of the message that the options describe. It is the protocol in `spoken` to
// which a given option belongs, or by default the first protocol in `spoken`.
const MessageProtocol* protocol_of(const Asked& asked, ProtocolSet spoken) {
  const MessageProtocol* first = nullptr;
  for (const auto* protocol : message_protocols()) {
    if (!spoken.has(*protocol)) continue;
    if (first == nullptr) first = protocol;
    for (const auto& option : protocol->explain_options()) {
      if (option.decides && asked.message.contains(option.name)) return protocol;
    }
  }
  return first;
}

bool decrypts(const Config& config, const std::string& listener) {
  const auto* found = find_named(config.listeners, listener);
  return found != nullptr && found->decrypts();
}

std::string lines_of(const std::vector<std::string>& headers) {
  std::string lines;
  for (const auto& header : headers) lines += header + "\r\n";
  return lines;
}

bool is_grpc(const Protocol& protocol) {
  return protocol.of_messages() == &GrpcMessage::protocol();
}

// Returns the message that the options describe; no value if no option describes a message. A path
// of a gRPC listener names the method, and so describes its messages.
std::optional<Message> message_of(const Asked& asked, const Protocol& protocol) {
  const bool headers =
      protocol.of_messages() != nullptr && !protocol.has_requests() && !asked.headers.empty();
  HttpHead request;
  request.target = asked.url;
  const auto path = HttpExchange::of(std::move(request)).path;
  const auto method = grpc_method_of(path);
  const bool call = is_grpc(protocol) && !method.service.empty() && !method.rpc.empty();
  if (asked.message.empty() && asked.text.empty() && !headers && !call) return std::nullopt;
  const auto* spoken = protocol_of(asked, protocol.messages());
  if (spoken == nullptr) return std::nullopt;
  return spoken->message_from_options([&](std::string_view name) {
    if (name == "text") return asked.text;
    if (name == "header") return lines_of(asked.headers);
    if (name == "path") return path;
    const auto given = asked.message.find(std::string(name));
    return given != asked.message.end() ? given->second : std::string();
  });
}

// Returns the values that an option may stand for in a rule file: a text, or a number or a truth
// value, which have no quotes there.
std::vector<Node> values_of_option(const std::string& text) {
  std::vector<Node> values{Node{text}};
  const auto number = parse_whole_number<std::int64_t>(text, INT64_MAX);
  if (number) values.push_back(Node{*number});
  if (text == "true" || text == "false") values.push_back(Node{text == "true"});
  return values;
}

// Reads the option as the key of `match` reads its value. Returns the mistake, if there is one: of
// a value that has the right type, if any has.
std::optional<Diagnostic> mistake_in(const std::string& text, const MessageKey& key) {
  std::optional<Diagnostic> mistake;
  for (const auto& value : values_of_option(text)) {
    Diagnostics mistakes;
    if (key.read(value, mistakes)) return std::nullopt;
    const bool of_other_type = mistake && mistake->what.starts_with(key.info.name + ": expected ");
    if (!mistake || of_other_type) mistake = mistakes.sorted().front();
  }
  return mistake;
}

// Reads the options of a message as `match` reads its keys, so that both refuse the same values.
Done check_values(const Asked& asked, const MessageProtocol& protocol) {
  const auto keys = protocol.keys();
  for (const auto& option : protocol.explain_options()) {
    const auto given = asked.message.find(option.name);
    if (!option.is_value || given == asked.message.end()) continue;
    auto name = option.name;
    std::replace(name.begin(), name.end(), '-', '_');
    const auto key = std::find_if(keys.begin(), keys.end(),
                                  [&](const MessageKey& own) { return own.info.name == name; });
    if (key == keys.end()) continue;
    if (const auto mistake = mistake_in(given->second, *key)) {
      return config_error(option.name + mistake->what.substr(name.size()), mistake->hint);
    }
  }
  return {};
}

// Encodes the JSON of a gRPC message by the types that the listener names.
Done ask_grpc_json(const std::string& json, const Listener& listener, Question& question) {
  const auto& message = static_cast<const GrpcMessage&>(*question.message->view);
  auto call = std::make_shared<GrpcCall>(*message.call);
  call->types = listener.descriptors;
  if (call->types.empty()) {
    return no_such("json", json,
                   "the listener has no `descriptors`, so the type of the message is unknown");
  }
  auto typed = std::make_shared<GrpcMessage>(message);
  auto bytes = call->types.from_json(call->service, call->rpc, false, json);
  typed->from_server = !bytes;
  if (!bytes) bytes = call->types.from_json(call->service, call->rpc, true, json);
  if (!bytes) {
    const auto method = call->service + "/" + call->rpc;
    return no_such("json", json,
                   method == "/" ? "the method is missing, which gives the type of the message: "
                                   "give --url, or --service and --rpc"
                                 : "no message of " + method + " by the descriptors");
  }
  typed->call = std::move(call);
  question.message->view = std::move(typed);
  question.payload = std::move(*bytes);
  return {};
}

Done ask_connection(const Config& config, const Asked& asked, Question& question) {
  auto& flow = question.flow;
  flow.listener = asked.listener;
  flow.ordinal = asked.ordinal;
  flow.node = asked.node;
  const auto* listener = find_named(config.listeners, asked.listener);
  if (listener == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& known : config.listeners) names.push_back(known.name);
    return no_such("listener", asked.listener,
                   "there is no such listener; " + suggest(asked.listener, names));
  }
  if (!asked.client.empty()) {
    const auto done = ask_address("client", asked.client, flow.client, flow.client_port);
    if (!done) return done;
  }
  const auto* server = first_server(config, *listener);
  if (asked.destination.empty() && server != nullptr) {
    flow.destination = server->ip();
    flow.destination_port = server->port;
  }
  if (!asked.destination.empty()) {
    const auto done =
        ask_address("destination", asked.destination, flow.destination, flow.destination_port);
    if (!done) return done;
  }
  flow.intercepted = listener->knows_destination();
  if (auto done = ask_dns(asked, *listener, flow); !done) return done;
  flow.message_protocols = listener->protocol.messages();
  question.syn =
      syn_listener(*listener, find_named(config.upstreams, listener->upstream), asked.syn_ways);
  question.message = message_of(asked, listener->protocol);
  if (question.message) {
    if (auto done = check_values(asked, *question.message->protocol); !done) return done;
  }
  question.payload = asked.text;
  question.carriers = carriers_of(*listener);
  if (const auto json = asked.message.find("json");
      json != asked.message.end() && is_grpc(listener->protocol)) {
    if (auto done = ask_grpc_json(json->second, *listener, question); !done) return done;
  }
  const auto at = parse_duration(asked.at);
  if (!at) return no_such("at", asked.at, at.error().what + "; " + at.error().hint);
  question.at = *at;
  question.seed = asked.seed ? asked.seed : config.seed;
  return {};
}

// Sets the host of a URL in the facts of the connection: as SNI, or as the destination address if
// the host is an IP address, for which there is no SNI (RFC 6066, section 3).
void name_host(const std::string& host, FlowFacts& flow, ClientHello& hello) {
  const auto ip = IpAddress::parse(host);
  if (!ip) {
    hello.sni = host;
  } else if (!flow.destination) {
    flow.destination = *ip;
  }
}

}  // namespace

Result<std::unique_ptr<const Posed>> pose(const Config& config, const Asked& asked) {
  auto posed = std::make_unique<Posed>();
  auto& flow = posed->question.flow;
  if (auto done = ask_connection(config, asked, posed->question); !done) {
    return tl::unexpected(done.error());
  }
  if (!asked.url.empty()) {
    const bool grpc = flow.message_protocols.has(GrpcMessage::protocol());
    if (auto done = ask_http(asked, grpc, posed->exchange); !done) {
      return tl::unexpected(done.error());
    }
    flow.carrier = Carrier::kHttp;
    flow.http = &posed->exchange;
    flow.message = 1;
  }
  // At a listener that intercepts TLS, an https URL determines the SNI.
  const bool https = same_header_name(asked.url.substr(0, asked.url.find("://")), "https");
  if (!asked.sni.empty() || !asked.alpn.empty() || (https && decrypts(config, asked.listener))) {
    posed->hello.sni = canonical_name(asked.sni);
    if (https && asked.sni.empty()) name_host(posed->exchange.host, flow, posed->hello);
    if (!asked.alpn.empty()) posed->hello.alpn.push_back(asked.alpn);
    flow.hello = &posed->hello;
  }
  return posed;
}

}  // namespace brownout::rules
