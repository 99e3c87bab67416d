// Makes untrusted text safe to print on a terminal or in a log line.
//
// escaped() and printable() replace:
// - C0, DEL and C1 control characters (ECMA-48, section 5.3). U+009B begins an escape sequence like
// ESC [.
// - Marks that change the direction of writing (Unicode 15, section 23.2).
// - Separators of lines and paragraphs.
// - Bytes that are not UTF-8 (RFC 3629).
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace brownout::rules {

// Whether line feeds and tabs are replaced, too. kKept leaves both unchanged.
enum class LineEnds { kEscaped, kKept };

// Returns the text with visible escapes in place of bytes that could control a terminal. Not
// reversible, since a backslash in the text stays a single backslash:
//   line feed  -> \n      tab -> \t      escape -> \x1b      a byte that is not UTF-8 -> \xff
//   U+202E, which reverses the direction of writing -> \u202e
std::string escaped(std::string_view text, LineEnds line_ends = LineEnds::kEscaped);

// Replaces each control character by a space, and each byte that is not UTF-8 by a question mark.
// Used for names in tables and in files that Brownout writes.
std::string printable(std::string_view text);

}  // namespace brownout::rules
