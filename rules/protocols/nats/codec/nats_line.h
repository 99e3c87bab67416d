// Parses and writes the control lines of NATS.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/nats/nats.h"

namespace brownout::codecs {

// Sizes, in bytes, of the data after a line, without the final CRLF.
struct NatsSizes {
  std::size_t headers = 0;
  std::size_t behind = 0;  // headers plus payload
};
struct ReadNatsLine : NatsSizes {
  rules::NatsLine line;  // without the headers, which follow the line
};

// Parses a line without its line end (CRLF, or LF alone). None if the line violates NATS: an
// unknown verb, a wrong number of arguments, or an impossible number.
std::optional<ReadNatsLine> read_nats_line(std::string_view line);
// The same, into an existing line, whose memory is reused.
std::optional<NatsSizes> read_nats_line(std::string_view line, rules::NatsLine& into);
// Size of the data after a PUB, HPUB, MSG or HMSG line, without the final CRLF; faster than the
// full parser. None for other lines, and for lines that need the full parser.
std::optional<std::size_t> quick_nats_size(std::string_view line);
// The line, its headers and payload, and their line ends.
std::string write_nats(const rules::NatsLine& line, std::string_view payload);

}  // namespace brownout::codecs
