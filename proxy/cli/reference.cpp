// brownout reference: prints the reference page of the rule file.
#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "rules/language/reference.h"

namespace brownout::cli {

int reference() {
  fmt::print("{}", rules::reference_page());
  return 0;
}

}  // namespace brownout::cli
