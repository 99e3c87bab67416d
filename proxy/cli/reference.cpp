// brownout reference and brownout schema: print the documentation and the JSON Schema of rule
// files.
#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "proxy/formats/rule_schema.h"
#include "rules/language/reference.h"

namespace brownout::cli {

int reference() {
  fmt::print("{}", rules::reference_page());
  return 0;
}

int schema() {
  fmt::print("{}", codecs::rule_file_schema());
  return 0;
}

}  // namespace brownout::cli
