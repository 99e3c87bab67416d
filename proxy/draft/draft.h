// A Draft is a new rule file that `brownout init` proposes, before it is written: tables with
// comments, some of them switched off (commented out). text_of() formats a Draft as text. No I/O.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules/base/result.h"

namespace brownout::draft {

struct Line {
  std::string key;
  std::string value;      // the value as TOML
  std::string note = {};  // text of a comment after the value
};

// One table of a rule file, such as a [[listener]] or a [[rule]].
struct Table {
  std::string kind;
  std::vector<Line> lines;
  std::string about = {};  // text of a comment before the table
  bool on = true;          // if false, each line begins with "#", so the table has no effect
};

struct Draft {
  std::vector<std::string> about;  // paragraphs of the comment at the top of the file
  std::vector<Table> tables;
};

// Makes the names of tables unique: take() returns the wanted name, or adds a number to it.
class Names {
 public:
  std::string take(const std::string& wanted);

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> last_;  // the last number that was added to each wanted name
};

// Returns the text of the rule file. `brownout check` accepts it, even with all of its tables
// switched on. Returns an error if no such file is possible, for example because an imported value
// is out of range.
rules::Result<std::string> text_of(const Draft& draft);

}  // namespace brownout::draft
