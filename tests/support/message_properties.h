// Checks the properties that every message fault must have. Returns a description of the violation
// found, or "".
//
// A random conversation (message_talk.h) goes through a MessageTunnel in virtual time. At its end
// the rules are removed, and some more messages follow. As in properties.h, deliberately broken
// stages prove that the checks can fail.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/engine/rule.h"
#include "tests/support/message_talk.h"

namespace brownout::test {

// The effects that a fault may have, besides drops, copies and answers, which its notes (stage.h)
// report.
struct MessageExpectations {
  bool keeps_contents = true;
  bool keeps_order = true;
  bool keeps_packets = true;    // if false, only the fixed headers of MQTT packets stay valid
  bool from_the_start = false;  // whether rules are active from the opening on, or only after it
  bool cuts = false;            // whether the last message before a close may be cut
  bool silences = false;        // whether a lost message holds back later ones
};

// Adds the number of injected faults to `acted`.
std::string find_message_violation(const ProtocolSetup& setup,
                                   const std::vector<rules::Rule>& rules,
                                   const MessageExpectations& expected, std::uint64_t seed,
                                   std::uint64_t& acted);

}  // namespace brownout::test
