// Style as a test: what a machine can check of how we write. Each check is also run on text that
// breaks it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>

#include "rules/fault.h"
#include "tests/support/files.h"

namespace brownout {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) { return test::read_file(path); }

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<fs::path> sources(const std::string& folder) {
  std::vector<fs::path> list;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(SOURCE_DIR) / folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") list.push_back(entry.path());
  }
  return list;
}

// The code of a line: without a comment and without the contents of strings.
std::string code_of(const std::string& line) {
  std::string code;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!quoted && line.compare(i, 2, "//") == 0) break;
    if (line[i] == '"' && (i == 0 || line[i - 1] != '\\')) quoted = !quoted;
    if (!quoted) code += line[i];
  }
  return code;
}

std::string find_pattern(const std::string& text, const std::regex& pattern) {
  for (const auto& line : lines_of(text)) {
    const auto code = line.starts_with("#include") ? line : code_of(line);
    if (std::regex_search(code, pattern)) return line;
  }
  return {};
}

const std::regex kImpure(
    R"(#include "proxy/|#include <(uv\.h|thread|mutex|condition_variable|sys/socket\.h|unistd\.h|iostream)>|_clock::now|\brand\(|\bsleep|std::random_device|std::\w+_distribution)");
const std::regex kOwningPointer(R"(\bnew \w|\bnew\(|\bdelete [a-z*(]|\bmalloc\(|\bfree\()");

std::string find_impurity(const std::string& text) { return find_pattern(text, kImpure); }
std::string find_bare_new(const std::string& text) { return find_pattern(text, kOwningPointer); }

// Lines of the longest function: from a line that opens one at the margin (or one level in) to its
// end.
std::size_t longest_function(const std::string& text) {
  std::size_t longest = 0;
  std::size_t begin = 0;
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& line = lines[i];
    const bool opens =
        line.ends_with("{") && line.find('(') != std::string::npos && !line.starts_with(" ");
    if (opens) begin = i + 1;
    if (line == "}" && begin != 0) {
      longest = std::max(longest, i + 2 - begin);
      begin = 0;
    }
  }
  return longest;
}

TEST(Tidy, RulesArePure) {
  for (const auto& path : sources("rules")) EXPECT_EQ(find_impurity(read(path)), "") << path;
  for (const auto* bad :
       {"#include \"proxy/loop/loop.h\"", "#include <thread>", "auto t = steady_clock::now();",
        "int x = rand();", "  std::uniform_int_distribution<int> d;"}) {
    EXPECT_EQ(find_impurity(bad), bad);
  }
  EXPECT_EQ(find_impurity("// asks steady_clock::now()"), "");
}

TEST(Tidy, OwnershipIsInTypes) {
  for (const auto* folder : {"rules", "proxy"}) {
    for (const auto& path : sources(folder)) {
      if (path.filename() == "handle.h") continue;
      const auto found = find_bare_new(read(path));
      // A private constructor behind a factory has no make_unique.
      const bool factory = found.find("unique_ptr<") != std::string::npos ||
                           found.find("shared_ptr<") != std::string::npos;
      EXPECT_TRUE(found.empty() || factory) << path << ": " << found;
    }
  }
  EXPECT_NE(find_bare_new("  auto* x = new Foo();"), "");
  EXPECT_NE(find_bare_new("  delete x;"), "");
}

TEST(Tidy, FilesAndFunctionsAreShortAndHeadersSayWhatTheyAre) {
  for (const auto* folder : {"rules", "proxy"}) {
    for (const auto& path : sources(folder)) {
      const auto text = read(path);
      const auto lines = lines_of(text);
      EXPECT_LE(lines.size(), 400U) << path;
      EXPECT_LE(longest_function(text), 70U) << path;
      EXPECT_TRUE(path.extension() != ".h" || text.starts_with("//"))
          << path << " opens without a comment";
      for (const auto& line : lines) EXPECT_LE(line.size(), 120U) << path << ": " << line;
    }
  }
  EXPECT_EQ(longest_function("int f() {\n\n\n}\n"), 4U);
}

TEST(Tidy, EveryFaultHasARowATestAndAnExample) {
  std::vector<std::string> files;
  for (const auto& path : sources("rules/faults")) {
    if (path.extension() == ".cpp") files.push_back(path.stem());
  }
  std::vector<std::string> rows;
  for (const auto* kind : rules::all_faults()) rows.emplace_back(kind->name);
  EXPECT_THAT(rows, testing::UnorderedElementsAreArray(files));
  std::string over_sockets;
  for (const auto& path : sources("tests/proxy")) {
    if (path.stem().string().ends_with("faults_test")) over_sockets += read(path);
  }
  for (const auto& name : files) {
    const auto root = fs::path(SOURCE_DIR);
    EXPECT_TRUE(fs::exists(root / "rules/faults" / (name + ".h"))) << name;
    EXPECT_TRUE(fs::exists(root / "tests/rules/faults" / (name + "_test.cpp")))
        << name << " has no test";
    const auto example = read(root / "examples/rules" / (name + ".toml"));
    EXPECT_THAT(example, testing::HasSubstr("type = \"" + name + "\""))
        << name << " has no example";
    EXPECT_THAT(over_sockets, testing::HasSubstr("TEST(FaultsOverSockets, " + name + ")")) << name;
  }
}

TEST(Tidy, TheRepositoryHasOnlyItsRooms) {
  const std::vector<std::string> rooms{"CMakeLists.txt", "CMakePresets.json",
                                       "LICENSE",        "README.md",
                                       "CHANGELOG.md",   "CONTRIBUTING.md",
                                       "bench",          "docs",
                                       "examples",       "proxy",
                                       "rules",          "tests",
                                       "build",          "node_modules"};
  for (const auto& entry : fs::directory_iterator(SOURCE_DIR)) {
    const auto name = entry.path().filename().string();
    EXPECT_TRUE(name.starts_with(".") || std::find(rooms.begin(), rooms.end(), name) != rooms.end())
        << name;
  }
}

}  // namespace
}  // namespace brownout
