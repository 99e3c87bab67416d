// drop_records: round-robin addresses disappear from answers: a region is gone. Which ones is a
// function of seed and rule, the same for every query; when none is left the answer is empty
// (NODATA).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDropRecords;

}  // namespace brownout::rules
