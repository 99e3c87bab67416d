// Overlay: what the API changed of a rule file: for each change the table that is there instead, or
// none. Laid over the file's document it gives the one in force; a rule file that changes keeps it
// until it says the same, a state file holds it. A value: no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/node.h"

namespace brownout::proxy {

class Overlay {
 public:
  // `kind` is the key in the file: "rule", "listener"...
  struct Change {
    std::string kind;
    std::string name;
    std::optional<rules::Node> table;  // none: it is deleted
  };

  // In place of an earlier change of the same.
  void set(Change change);
  // As if it had never been changed.
  void forget(std::string_view kind, std::string_view name);
  // Forgets what the file says too: a rule that was switched off and on again is the file's.
  void settle(const rules::Node& file);
  const Change* find(std::string_view kind, std::string_view name) const;
  const std::vector<Change>& changes() const { return changes_; }

  // The document with all changes: tables that the file has keep their place, new ones follow.
  rules::Node over(rules::Node document) const;

 private:
  std::vector<Change> changes_;
};

// "rules a, b; listener c": what the file says otherwise, of many the first. "" where nothing was
// changed.
std::string names_in(const Overlay& overlay);

// "" if it has none.
std::string name_of(const rules::Node& table);
// Sets or replaces a key of a table.
void set_key(rules::Node& table, std::string_view key, rules::Node value);

}  // namespace brownout::proxy
