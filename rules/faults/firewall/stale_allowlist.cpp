// stale_allowlist: removes an address from all firewall lines that accept it.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/engine/firewall_fault.h"

namespace brownout::rules {
namespace {

struct StaleAllowlistSettings {
  std::optional<std::string> firewall;
  Prefix address{};
};

class StaleAllowlist final : public FirewallMistake {
 public:
  using Settings = StaleAllowlistSettings;
  explicit StaleAllowlist(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("firewall", &Settings::firewall,
              "name of the [[firewall]] to change; left out, all firewalls"),
        field("address", &Settings::address, "the missing address or prefix, of clients or servers",
              {.required = true}),
    }};
    return schema;
  }

  void make(Firewall& firewall) const override {
    auto& lines = firewall.rules;
    const auto within = [&](const Prefix& prefix) {
      return prefix.length >= settings_.address.length &&
             settings_.address.contains(prefix.network);
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].action != FirewallAction::kAccept) continue;
      for (auto* prefixes : {&lines[i].source, &lines[i].destination}) {
        if (prefixes->empty()) continue;
        std::erase_if(*prefixes, within);
        // A line without prefixes would match every address, so the line is removed.
        if (prefixes->empty()) {
          lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i--));
          break;
        }
        // If a broader prefix of the line contains the address, the line stays. A new line ahead of
        // it applies the policy to the address.
        const bool inside =
            std::any_of(prefixes->begin(), prefixes->end(), [&](const Prefix& prefix) {
              return prefix.length < settings_.address.length &&
                     prefix.contains(settings_.address.network);
            });
        if (!inside) continue;
        FirewallLine hole{.action = firewall.policy, .comment = "missing from the list"};
        (prefixes == &lines[i].source ? hole.source : hole.destination) = {settings_.address};
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(i++), std::move(hole));
        break;
      }
    }
  }
  const std::optional<std::string>& firewall() const override { return settings_.firewall; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kStaleAllowlist = describe_mistake<StaleAllowlist>(
    "stale_allowlist",
    "An address is missing from the lines of the firewall that accept packets, for example the "
    "address of a new server, or of a partner that moved. The next line that matches packets of "
    "the address decides, or the `policy` if no line matches. If a line accepts a larger prefix "
    "around the address, the `policy` decides at once. Where the action is drop, connections open "
    "and stay silent; where the action is reject, connections get a RST; UDP sessions get no "
    "answer in both cases. Where the action is accept, the fault has no effect.",
    "has a time-out for the connect and for the first answer, falls back to an address "
    "that works, and reports the address that it could not reach",
    "RFC 1123, 2.3 (several addresses); RFC 8305, 5 (next address before the time-out); "
    "RFC 9293, 3.8.3 (no answer)");

}  // namespace brownout::rules
