// Prints the candidates for the word under the cursor, for the completion scripts of the shells.
// The scripts call `brownout complete -- WORDS`.
//
// Names come from the rule file among the words and from a running proxy, which has a quarter of a
// second to answer. If names cannot be read, prints fewer candidates, but no error.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

// `words` are the words after `brownout` up to the cursor; the last one may be empty. Prints a line
// for each candidate: the word, a tab, its meaning.
//
// The first line of the output is ":words" if candidates follow, and ":files" if the shell must
// complete the name of a file. It is ":command N" if word N, counted from 1, begins the
// command line of another program, which the shell must then complete.
int complete(const CLI::App& app, std::vector<std::string> words);

}  // namespace brownout::cli
