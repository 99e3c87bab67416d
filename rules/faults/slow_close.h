// slow_close: the data is untouched, its end (FIN) arrives late. Toxiproxy has it under this name.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kSlowClose;

}  // namespace brownout::rules
