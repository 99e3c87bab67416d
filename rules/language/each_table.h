// for_each_table() reads the tables of a document that may occur several times, such as [[rule]].
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "rules/schema/schema.h"

namespace brownout::rules {

// Calls read(node) for each table [[name]]. Adds an error to `problems` if `list` is no list of
// tables. `list` is null if the document has no such table.
template <class Read>
void for_each_table(const Node* list, std::string_view name, Diagnostics& problems, Read read) {
  if (list == nullptr) return;
  if (list->array() == nullptr) {
    problems.add(list->where,
                 "expected [[" + std::string(name) + "]], found " + std::string(list->type_name()),
                 "write [[" + std::string(name) +
                     "]] with two brackets, because there may be several such tables");
    return;
  }
  for (const auto& node : *list->array()) read(node);
}

}  // namespace brownout::rules
