// Writes Redis commands and replies in the format RESP.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace brownout::test {

inline std::string redis_bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
// An array of bulk strings.
inline std::string redis_array(const std::vector<std::string>& words) {
  std::string array = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) array += redis_bulk(word);
  return array;
}
// An array of the words in `text`, which blanks separate: redis_array_of("SET a 1") is a command.
inline std::string redis_array_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const auto word = line.substr(0, line.find(' '));
    words.emplace_back(word);
    line.remove_prefix(word.size() < line.size() ? word.size() + 1 : line.size());
  }
  return redis_array(words);
}

}  // namespace brownout::test
