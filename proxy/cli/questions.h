// Asks the user of `brownout init` for the listener's address, the server and the protocol.
#pragma once

#include <iosfwd>

#include "proxy/draft/place.h"

namespace brownout::cli {

// Asks for each value that `place` does not have yet, and asks again after an invalid answer. An
// empty answer takes the default. Returns false if the input ends.
bool ask(draft::Place& place, std::istream& in, std::ostream& out);

}  // namespace brownout::cli
