// check_jitter() reports a jitter that is larger than the delay, for several faults. Pure function;
// any thread.
#pragma once

#include "rules/base/diagnostics.h"
#include "rules/engine/fault.h"

namespace brownout::rules {

inline void check_jitter(Duration delay, Duration jitter, const Node& table,
                         Diagnostics& problems) {
  if (jitter <= delay) return;
  problems.add(position_of(table, "jitter"),
               "jitter " + to_text(jitter) + " is larger than delay " + to_text(delay),
               "nothing can arrive before it was sent: lower the jitter or raise the delay");
}

}  // namespace brownout::rules
