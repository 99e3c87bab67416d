// The part of FitCheck that adds notes on valid rules of which some keys, or the whole rule, have
// no effect at the listeners of the file.
#include "rules/language/check_fit.h"

namespace brownout::rules {

void FitCheck::note_keys_without_effect() const {
  const auto* fault = node_.find("fault");
  for (const auto& [key, carriers] : rule_.kind->keys_for) {
    const auto* given = fault != nullptr ? fault->find(key) : nullptr;
    if (given == nullptr || has(carriers)) continue;
    problems_.note(given->where,
                   std::string(key) + " has no effect: no listener that the rule matches has " +
                       carriers_text(carriers, ProtocolSet::any()),
                   "leave it out");
  }
}

// Adds a note to a rule for DNS queries that matches listeners without DNS.
void FitCheck::note_dns() const {
  if (!rule_.match.is_for_dns() || has(kDnsQueries)) return;
  problems_.note(
      node_.where,
      fault_ +
          " never acts: it acts on DNS queries, and no listener that the rule matches has protocol "
          "= \"dns\"",
      "add a [[listener]] with protocol = \"dns\", and let the programs send their queries to it");
}

}  // namespace brownout::rules
