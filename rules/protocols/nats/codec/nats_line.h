// Control lines of NATS, read and written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/nats/nats.h"

namespace brownout::codecs {

// Of what belongs to a line: bytes behind it, headers among them, without the CRLF at their end.
struct ReadNatsLine {
  rules::NatsLine line;     // its headers come with the bytes
  std::size_t headers = 0;  // bytes
  std::size_t behind = 0;   // headers and payload
};

// A line without its end (CRLF, or LF alone). None where it is no line of NATS: unknown verbs,
// numbers of arguments or numbers that cannot be.
std::optional<ReadNatsLine> read_nats_line(std::string_view line);
// Of a line that publishes or delivers, where that is all that is asked: the bytes behind it,
// without the CRLF at their end. None: it is another line, or takes a closer look.
std::optional<std::size_t> quick_nats_size(std::string_view line);
// The line, what belongs to it, and their ends.
std::string write_nats(const rules::NatsLine& line, std::string_view payload);

}  // namespace brownout::codecs
