// find_named() finds the entry of a table (an array or vector of structs) by its member `name`,
// with linear search, since these tables are short. Pure; any thread.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace brownout::rules {

// Returns the first entry with this name; null if there is none.
template <class Table>
auto* find_named(Table& table, std::string_view name) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const auto& entry) { return entry.name == name; });
  return found == std::end(table) ? nullptr : &*found;
}

}  // namespace brownout::rules
