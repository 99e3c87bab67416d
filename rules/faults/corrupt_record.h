// corrupt_record: a bit of an encrypted record to the client flips, so that its check fails: alert
// bad_record_mac from the client (RFC 8446, 5.2).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCorruptRecord;

}  // namespace brownout::rules
