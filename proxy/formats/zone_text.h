// Splits the lines of a zone file into entries (RFC 1035, section 5.1): without comments, and with
// the lines inside parentheses joined. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/protocols/dns/dns_zone.h"

namespace brownout::codecs {

struct ZoneEntry {
  std::string text;  // the entry as one line, without blanks at its ends; never empty
  // Whether the line begins with a blank, so that it takes the previous owner name.
  bool owner_left_out;
  rules::Position where;  // position of the entry's first line in the rule file
  // The beginning of messages about the entry. It is "line 3: " in a text of several lines, and
  // "hosts.zone:3: " in an included file; else "".
  std::string place;
};

// Splits the zone's lines into entries, in order. A syntax error is added to `problems` and gives
// no entry.
std::vector<ZoneEntry> zone_entries(const std::vector<rules::Zone::Line>& lines,
                                    rules::Diagnostics& problems);
// Splits the text of an included file into entries. `where` is the position of the $INCLUDE line.
std::vector<ZoneEntry> zone_file_entries(const std::string& path, std::string_view text,
                                         rules::Position where, rules::Diagnostics& problems);

// Reports an error in an entry, with the entry's text shortened to one line.
void add_zone_problem(rules::Diagnostics& problems, const ZoneEntry& entry, const std::string& what,
                      const std::string& hint);

// Returns the next word of `rest`, and removes it with the blanks after it; "" at the end. Text in
// quotes is one word, with its quotation marks.
std::string_view next_word(std::string_view& rest);

// Returns the contents of a quoted word: without quotation marks, and with \" unescaped. Other
// words are returned unchanged.
std::string without_quotes(std::string_view word);

// Puts a word in quotation marks for a message, shortened to one line.
std::string quoted_word(std::string_view word);

}  // namespace brownout::codecs
