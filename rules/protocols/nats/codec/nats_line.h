// Control lines of NATS, read and written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/nats/nats.h"

namespace brownout::codecs {

// The bytes that belong to a line and come behind it, without the CRLF at their end.
struct NatsSizes {
  std::size_t headers = 0;
  std::size_t behind = 0;  // headers and payload
};
struct ReadNatsLine : NatsSizes {
  rules::NatsLine line;  // its headers come with the bytes
};

// A line without its end (CRLF, or LF alone). None where it is no line of NATS: unknown verbs,
// numbers of arguments or numbers that cannot be.
std::optional<ReadNatsLine> read_nats_line(std::string_view line);
// The same into a line that was used before, whose memory it takes.
std::optional<NatsSizes> read_nats_line(std::string_view line, rules::NatsLine& into);
// Of a line that publishes or delivers, where that is all that is asked: the bytes behind it,
// without the CRLF at their end. None: it is another line, or takes a closer look.
std::optional<std::size_t> quick_nats_size(std::string_view line);
// The line, what belongs to it, and their ends.
std::string write_nats(const rules::NatsLine& line, std::string_view payload);

}  // namespace brownout::codecs
