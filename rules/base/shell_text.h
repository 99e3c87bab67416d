// Quotes the words of a command line for a POSIX shell. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace brownout::rules {

// Returns the word, in single quotes if it has characters that are special to a shell: "npm" stays
// npm, and "it's" becomes 'it'\''s' (POSIX.1-2017, Shell Command Language, 2.2.2).
std::string shell_word(std::string_view word);

}  // namespace brownout::rules
