// A Draft is a rule file that `brownout init` proposes: tables with comments, some of them switched
// off. Pure: from facts to text.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "rules/base/result.h"

namespace brownout::draft {

struct Line {
  std::string key;
  std::string value;      // as TOML
  std::string note = {};  // a comment behind the value
};

// A [[listener]] or a [[rule]].
struct Table {
  std::string kind;
  std::vector<Line> lines;
  std::string about = {};  // a comment ahead of the table
  bool on = true;          // false: each line begins with "#", so the table has no effect
};

struct Draft {
  std::vector<std::string> about;  // paragraphs ahead of the tables
  std::vector<Table> tables;
};

// Names of tables, each given out only once.
class Names {
 public:
  std::string take(const std::string& wanted);

 private:
  std::set<std::string> taken_;
  std::map<std::string, int> last_;  // the last number behind each wanted name
};

// The text of the file, which `brownout check` accepts, also with all of its tables switched on. An
// error says why there is no such file, for example because an imported value is out of range.
rules::Result<std::string> text_of(const Draft& draft);

}  // namespace brownout::draft
