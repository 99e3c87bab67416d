// The common frame (head, style, body) of the HTML pages of rehearsals: reports, comparisons,
// trends. Each page is one file, without external resources, for a desktop, a phone and paper.
#pragma once

#include <string>
#include <string_view>

namespace brownout::rehearsal {

// Returns the page. `content` is the HTML of its body.
std::string page_of(std::string_view title, const std::string& content);

}  // namespace brownout::rehearsal
