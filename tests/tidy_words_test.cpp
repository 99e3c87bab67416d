// Checks that comments are easy to read: they do not begin with a pronoun that the reader must
// resolve, and their sentences are short. Each check is also run on text that violates it.
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/files.h"

namespace brownout {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostWords = 30;

const std::regex kRiddle(R"(^(what|whose|whom|whoever|of what|of one|that of|those of|as what)\b)",
                         std::regex::icase);
const std::regex kSentenceEnd(R"([.:;]\s+)");
const std::regex kWholeLine(R"(^\s*//( ?)(.*)$)");
const std::regex kString(R"("(\\.|[^"\\])*")");

// Returns all comments of a source. Consecutive lines are one comment. Indented lines are diagrams
// or tables and are skipped.
std::vector<std::string> comments_of(const std::string& source) {
  std::vector<std::string> comments;
  std::string block;
  const auto end_block = [&] {
    if (!block.empty()) comments.push_back(std::exchange(block, {}));
  };
  std::istringstream stream(source);
  std::smatch found;
  for (std::string line; std::getline(stream, line);) {
    if (std::regex_match(line, found, kWholeLine)) {
      const auto text = found[2].str();
      if (text.empty() || text.starts_with(' ')) {
        end_block();
      } else {
        block += (block.empty() ? "" : " ") + text;
      }
      continue;
    }
    end_block();
    const auto code = std::regex_replace(line, kString, "\"\"");
    const auto at = code.find("// ");
    if (at != std::string::npos) comments.push_back(code.substr(at + 3));
  }
  end_block();
  return comments;
}

std::size_t words_in(const std::string& sentence) {
  std::istringstream stream(sentence);
  std::size_t count = 0;
  for (std::string word; stream >> word;) ++count;
  return count;
}

// Describes the first comment that violates the rules, or returns "".
std::string find_riddle(const std::string& source) {
  for (const auto& comment : comments_of(source)) {
    if (std::regex_search(comment, kRiddle)) return "begins with a pronoun: " + comment;
    const std::sregex_token_iterator sentences(comment.begin(), comment.end(), kSentenceEnd, -1);
    for (auto sentence = sentences; sentence != std::sregex_token_iterator(); ++sentence) {
      if (words_in(*sentence) > kMostWords) return "is too long: " + sentence->str();
    }
  }
  return {};
}

TEST(TidyWords, CommentsBeginWithANounAndAreShort) {
  const auto root = fs::path(test::source_root());
  for (const auto* tree : {"rules", "proxy", "tests", "bench"}) {
    for (const auto& path : test::sources_in(tree)) {
      EXPECT_EQ(find_riddle(test::read_file(path)), "") << fs::relative(path, root);
    }
  }
}

TEST(TidyWords, DetectRiddlesAndLongSentences) {
  std::string longest;
  for (std::size_t i = 0; i < kMostWords; ++i) longest += " word";
  for (const auto& bad :
       {std::string("// What comes later is lost.\n"),
        std::string("int a;  // whose name it has\n"), std::string("// That of the server.\n"),
        std::string("// Of one that waits.\n"), "// A" + longest + ".\n",
        "// A word.\n// A" + longest + "\n// more.\n"}) {
    EXPECT_NE(find_riddle(bad), "") << bad;
  }
  for (const auto& good :
       {std::string("// The server's name, of what was asked.\n"),
        std::string("f(\"// What\");  // bytes\n"), "//" + longest + ".\n// A word: word.\n",
        std::string("// A table:\n//   What  Whose\n")}) {
    EXPECT_EQ(find_riddle(good), "") << good;
  }
}

}  // namespace
}  // namespace brownout
