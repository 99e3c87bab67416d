#include "proxy/cli/why_options.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace brownout::cli {
namespace {

constexpr std::pair<const char*, const char*> kFilters[] = {
    {"listener", "of this listener; its whole name also says what each rule would do next"},
    {"client", "of this client: an address, or its beginning"},
    {"rule", "by this rule"},
    {"path", "requests whose path contains this"},
    {"method", "requests with this method"},
    {"status", "requests whose response, or answer by a rule, has this status: 503, 5xx, 500-504"},
    {"host", "requests whose host contains this"},
    {"qname", "DNS queries whose name contains this"},
    {"qtype", "DNS queries of this type"},
    {"transport", "DNS queries over udp or tcp"},
    {"sni", "TLS connections whose server name contains this"},
    {"destination", "connections to this server"},
    {"topic", "MQTT messages whose topic contains this"},
    {"text", "where any property contains this, e.g. a trace id"},
    {"limit", "at most so many, up to 10000 (100)"}};

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
      .add_option("--where", options.where,
                  "where this property contains a text, e.g. subject=orders; may be repeated")
      ->take_all()
      ->expected(1);
}

}  // namespace brownout::cli
