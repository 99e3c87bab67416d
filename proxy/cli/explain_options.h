// Declares the options of `brownout explain`, and checks that they fit the protocol of the
// listener.
#pragma once

#include "proxy/cli/commands.h"
#include "rules/language/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void add_explain_options(CLI::App& command, ExplainOptions& options);

// Returns an error if an option describes something that the listener's protocol does not have,
// such as --url at a listener of TCP.
rules::Result<void> options_fit(const rules::Asked& asked, const rules::Listener& listener);

}  // namespace brownout::cli
