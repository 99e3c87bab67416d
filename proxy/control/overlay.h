// Overlay is the set of changes that the API has made to the rule file: for each changed table its
// new version, or a deletion.
//
// Applied to the file's document, an overlay gives the document in force. It survives edits of the
// rule file, except for changes that the new file already contains. The state file stores it. A
// value; no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/node.h"

namespace brownout::proxy {

class Overlay {
 public:
  // `kind` is the key in the file: "rule", "listener" etc.
  struct Change {
    std::string kind;
    std::string name;
    std::optional<rules::Node> table;  // nothing: deleted
  };

  // Adds a change; replaces an earlier change of the same table.
  void set(Change change);
  // Drops the change of a table.
  void forget(std::string_view kind, std::string_view name);
  // Drops changes that equal the file, so that later edits of these tables in the file take effect.
  void settle(const rules::Node& file);
  const Change* find(std::string_view kind, std::string_view name) const;
  const std::vector<Change>& changes() const { return changes_; }

  // Applies all changes. Changed tables keep their position in the file; new ones follow.
  rules::Node over(rules::Node document) const;

 private:
  std::vector<Change> changes_;
};

// Names the changed tables, "rules a, b; listener c", up to 20 of each kind; "" if there are none.
std::string names_in(const Overlay& overlay);

// The table's name, or "".
std::string name_of(const rules::Node& table);
// Adds or replaces a key of a table.
void set_key(rules::Node& table, std::string_view key, rules::Node value);

}  // namespace brownout::proxy
