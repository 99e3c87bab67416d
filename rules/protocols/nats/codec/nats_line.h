// Functions that parse and write the control lines of NATS messages, such as "PUB subject 5" (NATS
// client protocol). Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/nats/nats.h"

namespace brownout::codecs {

// Sizes in bytes of the data that follows a control line, without the final CRLF.
struct NatsSizes {
  std::size_t headers = 0;
  std::size_t behind = 0;  // size of the headers and the payload together
};
struct ReadNatsLine : NatsSizes {
  rules::NatsLine line;  // the control line, but not the headers, which follow it
};

// Parses a control line without its line end (CRLF, or LF alone). Returns no value if the line
// violates NATS: an unknown verb, a wrong number of arguments, or an impossible number.
std::optional<ReadNatsLine> read_nats_line(std::string_view line);
// Like above, but writes the result into an existing line, whose memory is reused.
std::optional<NatsSizes> read_nats_line(std::string_view line, rules::NatsLine& into);
// Returns the size in bytes of the data after a PUB, HPUB, MSG or HMSG line, without the final
// CRLF. Faster than the full parser; returns no value for all lines that need the full parser.
std::optional<std::size_t> quick_nats_size(std::string_view line);
// Returns a whole message: the control line, its headers and the payload, each with its line end.
std::string write_nats(const rules::NatsLine& line, std::string_view payload);

}  // namespace brownout::codecs
