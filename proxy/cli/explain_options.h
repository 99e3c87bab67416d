// The options of `brownout explain` that describe a connection, request or message.
#pragma once

#include "rules/language/ask.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void add_explain_options(CLI::App& command, rules::Asked& options);

}  // namespace brownout::cli
