// Generates the reference page from the declarations that the rule-file loader uses, so that the
// page cannot be out of date. Pure functions; any thread.
#pragma once

#include <string>

namespace brownout::rules {

// Returns the page as Markdown.
std::string reference_page();

}  // namespace brownout::rules
