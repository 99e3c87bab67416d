// The options of `brownout explain`, and which of them a listener's protocol cannot have.
#pragma once

#include "proxy/cli/commands.h"
#include "rules/language/config.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void add_explain_options(CLI::App& command, ExplainOptions& options);

// An error if an option was given that means nothing at the listener: --url at one of TCP.
rules::Result<void> options_fit(const rules::Asked& asked, const rules::Listener& listener);

}  // namespace brownout::cli
