// wrong_prefix: changes the length of a network prefix in a firewall line, as a typing mistake
// would.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

struct WrongPrefixSettings {
  std::optional<std::string> firewall;
  std::optional<std::int64_t> line;
  std::int64_t length = 0;
};

void set_length(Prefix& prefix, unsigned length) {
  // Bits before the IPv4 address in an IPv4-mapped address (RFC 4291, 2.5.5.2).
  constexpr unsigned kMappedBits = 96;
  const bool v4 = prefix.network.is_v4();
  prefix.length = v4 ? std::min(length, 32U) + kMappedBits : length;
  prefix.network = masked(prefix.network, prefix.length);
}

class WrongPrefix final : public FirewallMistake {
 public:
  using Settings = WrongPrefixSettings;
  explicit WrongPrefix(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("firewall", &Settings::firewall,
              "name of the [[firewall]] to change; left out, all firewalls"),
        field("line", &Settings::line,
              "number of the line to change, from 1; left out, the first line with a prefix. Its "
              "`source` changes, or else its `destination`",
              {.least = 1}),
        field("length", &Settings::length,
              "wrong length of the prefix in bits; an IPv4 prefix gets at most 32",
              {.least = 0, .most = 128, .required = true}),
    }};
    return schema;
  }

  void make(Firewall& firewall) const override {
    auto& lines = firewall.rules;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (settings_.line && static_cast<std::size_t>(*settings_.line) != i + 1) continue;
      // Changes the source prefixes, or the destination prefixes if the line has no source.
      auto& prefixes = lines[i].source.empty() ? lines[i].destination : lines[i].source;
      if (prefixes.empty()) continue;
      for (auto& prefix : prefixes) set_length(prefix, static_cast<unsigned>(settings_.length));
      return;
    }
  }
  const std::optional<std::string>& firewall() const override { return settings_.firewall; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kWrongPrefix = describe_mistake<WrongPrefix>(
    "wrong_prefix",
    "A network prefix in a line of the firewall has the wrong length, for example /24 instead of "
    "/16. In a line that accepts, a longer prefix locks clients out: their connections open and "
    "stay silent, or get a RST. A shorter prefix lets in clients that should be locked out.",
    "gives up a silent connection after its own time-out, tries its next address, and "
    "reports the address that it could not reach; a correct server authenticates every "
    "client, also behind a firewall",
    "RFC 4632, 3.1 (prefixes); RFC 1123, 2.3 (several addresses); NIST SP 800-207, 2.1 "
    "(authentication)");

}  // namespace brownout::rules
