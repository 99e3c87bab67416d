// The lines of a zone file as entries (RFC 1035, 5.1): comments are out, and what parentheses
// spread over several lines is one. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/base/diagnostics.h"
#include "rules/protocols/dns/dns_zone.h"

namespace brownout::codecs {

struct ZoneEntry {
  std::string text;       // one line, not empty; blanks at its ends are gone
  bool owner_left_out;    // it began with a blank
  rules::Position where;  // of the line that it begins in
  std::string place;      // inside that, if it is a text of several lines: "line 3: ", or of an
                          // included file: "hosts.zone:3: "
};

// In order. What cannot be taken apart is a mistake at its place, and no entry.
std::vector<ZoneEntry> zone_entries(const std::vector<rules::Zone::Line>& lines,
                                    rules::Diagnostics& problems);
// The same of a file's text; `where` is the line that includes it.
std::vector<ZoneEntry> zone_file_entries(const std::string& path, std::string_view text,
                                         rules::Position where, rules::Diagnostics& problems);

// A mistake in an entry, which is quoted, not longer than a line.
void add_zone_problem(rules::Diagnostics& problems, const ZoneEntry& entry, const std::string& what,
                      const std::string& hint);

// Takes the next word off the front of `rest`, and the blanks behind it; "" at the end. Quoted text
// is one word, with its marks.
std::string_view next_word(std::string_view& rest);

// What a word that is quoted as a whole says: without its marks, and "\"" is one. Others are as
// they are.
std::string without_quotes(std::string_view word);

// In quotes for a message, not longer than a line.
std::string quoted_word(std::string_view word);

}  // namespace brownout::codecs
