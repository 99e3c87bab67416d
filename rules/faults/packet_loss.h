// packet_loss: chunks are dropped outright, which corrupts the stream. Toxiproxy has it under this
// name (2026); for what packet loss does to a real TCP connection see loss.h.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kPacketLoss;

}  // namespace brownout::rules
