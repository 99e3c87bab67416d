// Text from elsewhere, made fit for a terminal or a log line. A terminal obeys control characters:
// those of ASCII and of Latin-1 (C0, DEL and C1: ECMA-48, 5.3; U+009B begins an escape sequence as
// ESC [ does), the marks that change the direction of writing (Unicode 15, 23.2), and the
// separators of lines and paragraphs. Bytes that are not UTF-8 (RFC 3629) are handled as well.
#pragma once

#include <string>
#include <string_view>

namespace brownout::rules {

enum class LineEnds { kEscaped, kKept };  // kept: tabs are kept, too

// Nothing of the text is lost:
//   line feed  -> \n      tab -> \t      escape -> \x1b      a byte that is not UTF-8 -> \xff
//   U+202E, which turns the direction of writing -> \u202e      a backslash stays as it is
std::string escaped(std::string_view text, LineEnds line_ends = LineEnds::kEscaped);

// For names in tables and in files that Brownout writes: a control character becomes a space, a
// byte that is not UTF-8 becomes a question mark.
std::string printable(std::string_view text);

}  // namespace brownout::rules
