#include "proxy/cli/arguments.h"

#include <algorithm>

namespace brownout::cli {
namespace {

void with_two_dashes(std::vector<std::string>& words) {
  for (auto& word : words) {
    if (word.size() > 2 && word[0] == '-' && word[1] != '-' && word[1] >= 'a') word.insert(0, "-");
  }
}

}  // namespace

Arguments read_arguments(int argc, char** argv) {
  Arguments arguments{{argv + 1, argv + argc}, {}};
  auto& words = arguments.words;
  if (words.empty()) return arguments;
  if (words.front() == "toxiproxy") with_two_dashes(words);
  const auto dashes = std::find(words.begin(), words.end(), "--");
  if (words.front() != "init" || dashes == words.end()) return arguments;
  arguments.command.assign(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return arguments;
}

}  // namespace brownout::cli
