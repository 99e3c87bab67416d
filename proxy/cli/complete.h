// The candidates for the word under the cursor, for the completion scripts of the shells: `brownout
// complete -- WORDS` prints them. Names come from the rule file among the words and from a running
// proxy, which has a quarter of a second to answer. Reports no mistakes: it prints less instead.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

// `words` are those behind `brownout`, up to the cursor; the last one may be empty. Prints what to
// complete (":words", ":files", or ":command N": a command that begins with the word N, counted
// from 1), then a line for each candidate: the word, a tab, its meaning.
int complete(const CLI::App& app, std::vector<std::string> words);

}  // namespace brownout::cli
