// The unit for which a rule without `per` draws. Pure function; any thread.
#pragma once

#include <vector>

#include "rules/language/config.h"

namespace brownout::rules {

// A fault of messages draws for each message, except where it may also meet datagrams: there, a
// draw decides about a session. `listeners` are those of the file.
Per default_per(const FaultKind& kind, const Match& match, const std::vector<Listener>& listeners);

}  // namespace brownout::rules
