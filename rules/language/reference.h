// Generates the reference page from the declarations that the loader reads, so that the page is
// never out of date.
#pragma once

#include <string>

namespace brownout::rules {

// Returns Markdown.
std::string reference_page();

}  // namespace brownout::rules
