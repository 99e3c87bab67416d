// loss: what packet loss does to a TCP stream. Nothing is lost from the stream; it stalls.
//
// Every chunk is cut into segments. A lost segment is sent again after the retransmission time-out,
// which doubles each time (RFC 6298, 5.5; Linux: at least 200 ms, at most 120 s), and everything
// behind it waits for it (head-of-line blocking). After 15 losses of one segment the connection is
// reset, as Linux gives up (tcp_retries2, tcp(7)). Models as tc-netem(8): `loss` with
// `correlation`, or the four of gemodel.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kLoss;

}  // namespace brownout::rules
