// The frame of the pages of rehearsals: reports, comparisons, trends. Each is one file, without
// external resources, for a desktop, a phone and paper.
#pragma once

#include <string>
#include <string_view>

namespace brownout::rehearsal {

// `content` is HTML: the body's.
std::string page_of(std::string_view title, const std::string& content);

}  // namespace brownout::rehearsal
