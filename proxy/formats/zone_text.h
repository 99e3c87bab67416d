// Splits the lines of a zone file into entries (RFC 1035, 5.1): without comments, and with the
// lines inside parentheses joined. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/protocols/dns/dns_zone.h"

namespace brownout::codecs {

struct ZoneEntry {
  std::string text;       // one line, not empty, trimmed
  bool owner_left_out;    // the line begins with a blank, so it has the previous owner name
  rules::Position where;  // the entry's first line
  // Prefix for messages: "line 3: " in a text of several lines, "hosts.zone:3: " in an included
  // file, else "".
  std::string place;
};

// Returns the entries in order. A syntax error is reported at its position and gives no entry.
std::vector<ZoneEntry> zone_entries(const std::vector<rules::Zone::Line>& lines,
                                    rules::Diagnostics& problems);
// Same as zone_entries(), for the text of an included file. `where` is the position of the $INCLUDE
// line.
std::vector<ZoneEntry> zone_file_entries(const std::string& path, std::string_view text,
                                         rules::Position where, rules::Diagnostics& problems);

// Reports an error in an entry; quotes the entry, shortened to one line.
void add_zone_problem(rules::Diagnostics& problems, const ZoneEntry& entry, const std::string& what,
                      const std::string& hint);

// Removes and returns the next word of `rest`, with the blanks after it; "" at the end. Text in
// quotes is one word, with its quotation marks.
std::string_view next_word(std::string_view& rest);

// Returns the contents of a quoted word: without quotation marks, and with \" unescaped. Other
// words are returned unchanged.
std::string without_quotes(std::string_view word);

// Quotes a word for a message, shortened to one line.
std::string quoted_word(std::string_view word);

}  // namespace brownout::codecs
