#include "proxy/cli/explain_options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "proxy/cli/output_option.h"
#include "rules/message/message_protocol.h"

namespace brownout::cli {
namespace {

// Adds the options of `explain` that describe a message, for all protocols, without duplicates.
void add_message(CLI::App& command, rules::Asked& asked) {
  std::map<std::string, rules::MessageProtocol::ExplainOption> all;
  for (const auto* protocol : rules::message_protocols()) {
    for (auto& option : protocol->explain_options()) {
      const auto meaning = std::string(protocol->name()) + ": " + option.meaning;
      auto& known = all.try_emplace(option.name).first->second;
      known.meaning += (known.meaning.empty() ? "" : "; ") + meaning;
      known.values.insert(known.values.end(), option.values.begin(), option.values.end());
    }
  }
  for (const auto& [name, option] : all) {
    auto* added = command.add_option_function<std::string>(
        "--" + name, [&asked, key = name](const std::string& value) { asked.message[key] = value; },
        option.meaning);
    if (option.values.empty()) continue;
    added->check(
        CLI::IsMember(std::vector<std::string>(option.values.begin(), option.values.end())));
  }
  command.add_option("--text", asked.text, "the text of a message");
}

// An option that describes a request, a query or a handshake, and the kinds of connections that can
// have it.
struct ExplainFact {
  bool given;
  std::string_view option;
  rules::CarrierSet of;
  std::string_view what;
};

// Returns the message protocols whose `explain` has this option, e.g. MQTT and NATS.
rules::ProtocolSet protocols_with(const std::string& name) {
  rules::ProtocolSet set;
  for (const auto* protocol : rules::message_protocols()) {
    for (const auto& option : protocol->explain_options()) {
      if (option.name == name) set = set | rules::ProtocolSet::of(*protocol);
    }
  }
  return set;
}

tl::unexpected<rules::Error> unfit(std::string_view option, const rules::Listener& listener,
                                   const std::string& what) {
  return rules::config_error(std::string(option) + " does not fit listener " +
                                 rules::in_quotes(listener.name) + ", whose protocol is " +
                                 std::string(listener.protocol.name()),
                             "it describes " + what + ": leave it out, or name another --listener");
}

}  // namespace

rules::Result<void> options_fit(const rules::Asked& asked, const rules::Listener& listener) {
  const auto has = carriers_of(listener);
  const std::array facts{
      ExplainFact{!asked.url.empty(), "--url", rules::kHttpRequests, "an HTTP request"},
      ExplainFact{!asked.method.empty(), "--method", rules::kHttpRequests, "an HTTP request"},
      ExplainFact{asked.status != 0, "--status", rules::kHttpRequests, "an HTTP response"},
      ExplainFact{!asked.response_headers.empty(), "--response-header", rules::kHttpRequests,
                  "an HTTP response"},
      ExplainFact{!asked.headers.empty(), "--header", rules::kHttpRequests | rules::kMessages,
                  "an HTTP request or a message"},
      ExplainFact{!asked.qname.empty(), "--qname", rules::kDnsQueries, "a DNS query"},
      ExplainFact{!asked.qtype.empty(), "--qtype", rules::kDnsQueries, "a DNS query"},
      ExplainFact{!asked.transport.empty(), "--transport", rules::kDnsQueries, "a DNS query"},
      ExplainFact{!asked.sni.empty(), "--sni", rules::kTlsHandshakes, "a TLS handshake"},
      ExplainFact{!asked.alpn.empty(), "--alpn", rules::kTlsHandshakes, "a TLS handshake"},
      ExplainFact{!asked.text.empty(), "--text", rules::kMessages, "a message"},
  };
  for (const auto& fact : facts) {
    if (fact.given && (has & fact.of).empty()) {
      return unfit(fact.option, listener, std::string(fact.what));
    }
  }
  for (const auto& [name, value] : asked.message) {
    const auto protocols = protocols_with(name);
    if (!(protocols & listener.protocol.messages()).empty()) continue;
    return unfit("--" + name, listener, "a message of " + protocols.text());
  }
  return {};
}

void add_explain_options(CLI::App& command, ExplainOptions& options) {
  auto& asked = options.asked;
  command.add_option("rules", options.path, "the rule file (TOML)")->required();
  command.add_option("--listener", asked.listener, "the listener that accepts it")->required();
  command.add_flag("--exec", options.for_exec,
                   "read the file as `brownout exec` does, which needs no [[listener]]");
  command.add_option("--client", asked.client, "the client's address, with or without a port");
  command.add_option("--destination", asked.destination,
                     "the server's address, with or without a port");
  command.add_option("--node", asked.node, "the id of the Kafka broker (node.id)")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--ordinal", asked.ordinal, "number of the connection or request, from 1")
      ->check(CLI::PositiveNumber);
  command.add_option("--at", asked.at, "how long after the rules were loaded, e.g. 90s");
  command.add_option("--seed", asked.seed, "use this seed instead of the seed in the file");
  command.add_option("--qname", asked.qname, "the name that a DNS query asks for");
  command.add_option("--qtype", asked.qtype, "the record type that a DNS query asks for (A)");
  command.add_option("--transport", asked.transport, "the transport of a DNS query: udp or tcp")
      ->check(CLI::IsMember({"udp", "tcp"}));
  command.add_option("--url", asked.url, "the URL of an HTTP request, e.g. http://host/path");
  command.add_option("--method", asked.method, "the method of an HTTP request (GET)");
  command
      .add_option(
          "--header", asked.headers,
          "a header of the HTTP request or the message, or metadata of the gRPC call, \"name: "
          "value\"; may be repeated")
      ->take_all()
      ->expected(1);
  command.add_option("--status", asked.status, "the status of the HTTP response")
      ->check(CLI::Range(100, 599));
  command
      .add_option("--response-header", asked.response_headers,
                  "a header of the HTTP response, \"name: value\"; may be repeated")
      ->take_all()
      ->expected(1);
  command.add_option("--sni", asked.sni, "the server name (SNI) in a TLS ClientHello");
  command.add_option("--alpn", asked.alpn, "a protocol (ALPN) in a TLS ClientHello, e.g. h2");
  add_message(command, asked);
  add_output(command, options.output);
}

}  // namespace brownout::cli
