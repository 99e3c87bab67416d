// The three questions of `brownout init`.
#pragma once

#include <iosfwd>

#include "proxy/draft/place.h"

namespace brownout::cli {

// Asks for what the place does not have, again after an answer that cannot be used. An empty answer
// takes the default. False if the input ends.
bool ask(draft::Place& place, std::istream& in, std::ostream& out);

}  // namespace brownout::cli
