// notimp: the resolver does not know this kind of query.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kNotimp;

}  // namespace brownout::rules
