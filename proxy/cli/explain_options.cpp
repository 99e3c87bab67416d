#include "proxy/cli/explain_options.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

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

}  // namespace

void add_explain_options(CLI::App& command, rules::Asked& options) {
  command.add_option("--listener", options.listener, "the listener that accepts it")->required();
  command.add_option("--client", options.client, "the client's address, with or without a port");
  command.add_option("--destination", options.destination,
                     "the server's address, with or without a port");
  command.add_option("--ordinal", options.ordinal, "number of the connection or request, from 1")
      ->check(CLI::PositiveNumber);
  command.add_option("--at", options.at, "how long after the rules were loaded, e.g. 90s");
  command.add_option("--seed", options.seed, "use this seed instead of the file's");
  command.add_option("--qname", options.qname, "the name that a DNS query asks for");
  command.add_option("--qtype", options.qtype, "the record type that a DNS query asks for (A)");
  command.add_option("--transport", options.transport, "the transport of a DNS query: udp or tcp")
      ->check(CLI::IsMember({"udp", "tcp"}));
  command.add_option("--url", options.url, "the URL of an HTTP request, e.g. http://host/path");
  command.add_option("--method", options.method, "the method of an HTTP request (GET)");
  command
      .add_option("--header", options.headers,
                  "a header of the HTTP request or the message, \"name: value\"; may be repeated")
      ->take_all()
      ->expected(1);
  command.add_option("--status", options.status, "the status of the HTTP response")
      ->check(CLI::Range(100, 599));
  command.add_option("--sni", options.sni, "the server name (SNI) in a TLS ClientHello");
  command.add_option("--alpn", options.alpn, "a protocol (ALPN) in a TLS ClientHello, e.g. h2");
  add_message(command, options);
}

}  // namespace brownout::cli
