// The reference page, written from the declarations that the loader reads, so that it cannot be out
// of date.
#pragma once

#include <string>

namespace brownout::rules {

// Markdown.
std::string reference_page();

}  // namespace brownout::rules
