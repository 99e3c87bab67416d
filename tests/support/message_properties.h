// What must hold for every fault that acts on messages, as a check that returns what is wrong: ""
// when all is well. A random conversation (message_talk.h) goes through a MessageTunnel in virtual
// time; at its end the rules go away, and some more is said.
//
// As properties.h, it is also run over deliberately broken stages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/engine/rule.h"
#include "tests/support/message_talk.h"

namespace brownout::test {

// What a fault may do to messages, beside what its notes say (drops, copies, answers).
struct MessageExpectations {
  bool keeps_contents = true;
  bool keeps_order = true;
  bool keeps_packets = true;    // of MQTT; else only its fixed headers are right
  bool from_the_start = false;  // else from behind the opening
  bool cuts = false;            // what is said when the connection ends
  bool silences = false;        // what it loses keeps back others, too
};

// `acted` grows by what the rules have done.
std::string find_message_violation(const Speech& speech, const std::vector<rules::Rule>& rules,
                                   const MessageExpectations& expected, std::uint64_t seed,
                                   std::uint64_t& acted);

}  // namespace brownout::test
