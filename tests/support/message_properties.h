// Checks the properties that every message fault must have. The check returns the violation found,
// or "".
//
// A random conversation (message_talk.h) goes through a MessageTunnel in virtual time. At its end
// the rules are removed, and some more messages follow. As in properties.h, the suite also runs
// over deliberately broken stages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/engine/rule.h"
#include "tests/support/message_talk.h"

namespace brownout::test {

// The effects that a fault may have, beyond the drops, copies and answers that its notes report.
struct MessageExpectations {
  bool keeps_contents = true;
  bool keeps_order = true;
  bool keeps_packets = true;    // MQTT: if false, only the fixed headers stay valid
  bool from_the_start = false;  // rules apply from the opening on; else after it
  bool cuts = false;            // may cut the last message before a close
  bool silences = false;        // a lost message holds back later ones
};

// `acted` is increased by the number of injected faults.
std::string find_message_violation(const ProtocolSetup& setup,
                                   const std::vector<rules::Rule>& rules,
                                   const MessageExpectations& expected, std::uint64_t seed,
                                   std::uint64_t& acted);

}  // namespace brownout::test
