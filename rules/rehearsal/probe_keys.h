// A table of those keys of [[probe]] that only some kinds of probes have, for the check of rule
// files and for the reference page. All kinds have the other keys. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/rehearsal/probe_kind.h"

namespace brownout::rules {

struct ProbeKey {
  std::string name;
  std::vector<ProbeKind> kinds;

  bool is_of(ProbeKind kind) const;
};

const std::vector<ProbeKey>& keys_of_some_probes();
// Returns null if every kind has the key, or if there is no such key.
const ProbeKey* find_probe_key(std::string_view name);
// Returns the kinds in words, such as "tcp, websocket" or "all but dns, exec".
std::string kinds_text(const ProbeKey& key);

}  // namespace brownout::rules
