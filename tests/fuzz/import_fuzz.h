// Checks that every imported firewall ruleset can be written to a rule file and loaded from it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "proxy/formats/firewall_import.h"
#include "rules/language/load_toml.h"

namespace brownout::test {

inline void check_import(std::string_view text,
                         const rules::Result<codecs::ImportedChains>& chains) {
  if (!chains) {
    if (chains.error().what.empty()) std::abort();
    return;
  }
  for (const auto& [name, chain] : *chains) {
    auto imported = codecs::import_firewall(text, name);
    if (!imported) continue;
    imported->firewall.decide({});
    // The written rule file must load.
    imported->firewall.name = "f";
    const auto file =
        "version = 1\n[[upstream]]\nname = \"u\"\nservers = \"127.0.0.1:2\"\n[[listener]]\nname = "
        "\"l\"\n"
        "listen = \"127.0.0.1:1\"\nupstream = \"u\"\n" +
        to_toml(imported->firewall);
    if (imported->firewall.rules.size() < 200 && !rules::load_toml(file)) std::abort();
  }
}

}  // namespace brownout::test
