#include "proxy/cli/why_options.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace brownout::cli {
namespace {

constexpr std::pair<const char*, const char*> kFilters[] = {
    {"listener",
     "only entries of this listener: its name, or the beginning of it; with the whole name, also "
     "what each rule would do next"},
    {"client", "only entries of this client: an address, or the beginning of it"},
    {"rule", "only entries of this rule: its name, or the beginning of it"},
    {"path", "only requests whose path contains this text"},
    {"method", "only requests with this method"},
    {"status",
     "only requests whose response, from the server or from a rule, has this status: 503, 5xx, "
     "500-504"},
    {"host", "only requests whose host contains this text"},
    {"qname", "only DNS queries whose name contains this text"},
    {"qtype", "only DNS queries of this type"},
    {"transport", "only DNS queries over udp or tcp"},
    {"sni", "only TLS connections whose server name (SNI) contains this text"},
    {"destination", "only connections to this server"},
    {"topic", "only MQTT messages whose topic contains this text"},
    {"text", "only entries of which any property contains this text, e.g. a trace id"},
    {"limit", "print at most this many entries, up to 10000 (100)"}};

}  // namespace

void add_why_options(CLI::App& command, CtlOptions& options) {
  for (const auto& [name, about] : kFilters) {
    command.add_option_function<std::string>(
        "--" + std::string(name),
        [&options, key = std::string(name)](const std::string& value) {
          options.filter[key] = value;
        },
        about);
  }
  command
      .add_option(
          "--where", options.where,
          "only entries whose property KEY contains TEXT, e.g. subject=orders; may be repeated")
      ->take_all()
      ->expected(1);
}

}  // namespace brownout::cli
