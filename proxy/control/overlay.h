// Overlay is the set of changes that the HTTP API has made to the rule file. For each changed
// table, such as a rule, it holds the new version, or that the table is deleted.
//
// The rule file with the overlay applied is the configuration in force. An overlay survives edits
// of the rule file, except for changes that the new file already contains. The state file stores
// it. An Overlay is a plain value that does no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/node.h"

namespace brownout::proxy {

class Overlay {
 public:
  // `kind` is the rule file's key for the table: "rule", "listener" and so on.
  struct Change {
    std::string kind;
    std::string name;
    std::optional<rules::Node> table;  // the new version; nothing if the table is deleted
  };

  // Records a change. It replaces an earlier change of the same table.
  void set(Change change);
  // Removes the recorded change of a table. Does nothing if the table has no change.
  void forget(std::string_view kind, std::string_view name);
  // Removes changes that equal the rule file, so that later edits of these tables in the file take
  // effect.
  void settle(const rules::Node& file);
  const Change* find(std::string_view kind, std::string_view name) const;
  const std::vector<Change>& changes() const { return changes_; }

  // Returns the document with all changes. Changed tables keep their position; new tables come
  // last.
  rules::Node over(rules::Node document) const;

 private:
  std::vector<Change> changes_;
};

// Lists the changed tables as "rules a, b; listener c", with up to 20 names of each kind. Returns
// "" without changes.
std::string names_in(const Overlay& overlay);

// Returns the value of the table's key "name"; "" without this key.
std::string name_of(const rules::Node& table);
void set_key(rules::Node& table, std::string_view key, rules::Node value);

}  // namespace brownout::proxy
