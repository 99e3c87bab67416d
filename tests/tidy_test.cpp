// Checks the style rules that a machine can check. Each check is also run on text that violates it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>

#include "rules/engine/fault.h"
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

// Returns a line without its comment and without the contents of strings.
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

// Returns the end of the comment, string or preprocessor directive that begins at `at`, or `at`
// itself if none begins there.
std::size_t end_of_no_code(const std::string& text, std::size_t at) {
  const auto behind = [&](std::string_view what, std::size_t from) {
    const auto found = text.find(what, from);
    return found == std::string::npos ? text.size() : found + what.size();
  };
  const bool begins_line = at == 0 || text[at - 1] == '\n';
  if (text.compare(at, 2, "//") == 0 || (begins_line && text[at] == '#')) {
    return behind("\n", at) - 1;
  }
  if (text.compare(at, 2, "R\"") == 0) {
    const auto open = text.find('(', at);
    return behind(")" + text.substr(at + 2, open - at - 2) + "\"", open);
  }
  const char quote = text[at];
  // A digit separator is not a quote.
  const bool separates = quote == '\'' && at > 0 && std::isalnum(text[at - 1]) != 0;
  if ((quote != '"' && quote != '\'') || separates) return at;
  auto end = at + 1;
  while (end < text.size() && text[end] != quote) end += text[end] == '\\' ? 2 : 1;
  return end + 1;
}

// Returns `text` without comments, strings and directives. Line breaks are kept.
std::string only_code(const std::string& text) {
  std::string code;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(end_of_no_code(text, at), text.size());
    if (end > at) {
      const auto from = text.begin() + static_cast<std::ptrdiff_t>(at);
      const auto to = text.begin() + static_cast<std::ptrdiff_t>(end);
      code.append(static_cast<std::size_t>(std::count(from, to, '\n')), '\n');
      at = end;
    } else {
      code += text[at++];
    }
  }
  return code;
}

// Returns the offset of the brace that closes the brace at `open`.
std::size_t closing(const std::string& code, std::size_t open) {
  int depth = 0;
  for (auto at = open; at < code.size(); ++at) {
    depth += code[at] == '{' ? 1 : code[at] == '}' ? -1 : 0;
    if (depth == 0) return at;
  }
  return code.size() - 1;
}

enum class Braces { kScope, kFunction, kValue };
// Returns the kind of block that follows `head`, the text since the previous statement.
Braces braces_behind(std::string head) {
  static const std::regex kScope(
      R"(^(template\s*<[^{]*>\s*)?(inline )?(namespace|class|struct|enum|union|extern)\b)");
  if (std::regex_search(head, kScope)) return Braces::kScope;
  while (!head.empty() && std::isspace(static_cast<unsigned char>(head.back())) != 0) {
    head.pop_back();
  }
  if (head.empty()) return Braces::kScope;
  if (head.back() == '=' || head.back() == ',') return Braces::kValue;
  const auto last =
      head.find_last_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:>");
  const auto word = last == std::string::npos ? head : head.substr(last + 1);
  const auto arrow = head.rfind("->");
  const bool returns = arrow != std::string::npos && arrow > head.rfind(')');
  const bool qualifies =
      word == "const" || word == "noexcept" || word == "override" || word == "final";
  if (!word.empty() && !qualifies && !returns) return Braces::kValue;
  return head.find('(') == std::string::npos ? Braces::kScope : Braces::kFunction;
}

// Returns the number of lines of the longest function, from its signature to its end.
std::size_t longest_function(const std::string& text) {
  const auto code = only_code(text);
  std::size_t longest = 0;
  std::string head;
  std::size_t begin = 0;
  int parentheses = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    const char c = code[at];
    parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == '{') {
      const auto kind = parentheses > 0 ? Braces::kValue : braces_behind(head);
      if (kind == Braces::kFunction) {
        const auto end = closing(code, at);
        const auto lines = std::count(code.begin() + static_cast<std::ptrdiff_t>(begin),
                                      code.begin() + static_cast<std::ptrdiff_t>(end), '\n');
        longest = std::max(longest, static_cast<std::size_t>(lines) + 1);
        at = end;
      }
      if (kind == Braces::kValue) {
        at = closing(code, at);
        head += "{}";
      } else {
        head.clear();
      }
      continue;
    }
    const bool label = c == ':' && (head == "public" || head == "private" || head == "protected");
    if (parentheses == 0 && (c == ';' || c == '}' || label)) {
      head.clear();
      continue;
    }
    if (head.empty() && std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    if (head.empty()) begin = at;
    head += c;
  }
  return longest;
}

// Returns the types, aliases and constants that `text` defines in anonymous namespaces, with the
// lines of their definitions. Names are prefixed with the enclosing namespace. Functions are left
// out, because they may overload each other, and the compiler reports clashes.
std::map<std::string, std::string> private_names(const std::string& text) {
  static const std::regex kDefinition(
      R"(^(?:(?:class|struct|enum class|enum) (\w+)(?: final)?(?: [:{].*)?$|using (\w+) =|)"
      R"((?:constexpr|const|inline) [\w:<>, *&]*?(k[A-Z]\w*)))");
  std::map<std::string, std::string> names;
  std::vector<std::string> spaces;
  for (const auto& line : lines_of(text)) {
    if (line.starts_with("namespace ") && line.ends_with("{")) {
      spaces.push_back(line.substr(10, line.size() - 11));
    } else if (line.starts_with("}  // namespace") && !spaces.empty()) {
      spaces.pop_back();
    }
    std::smatch found;
    const bool is_private = !spaces.empty() && spaces.back().empty();
    if (!is_private || !std::regex_search(line, found, kDefinition)) continue;
    names.emplace(spaces.front() + found.str(1) + found.str(2) + found.str(3), line);
  }
  return names;
}

// Returns a name that two of these files define in an anonymous namespace, or "". Identical aliases
// are allowed.
std::string find_clash(const std::map<std::string, std::string>& text_of_file) {
  std::map<std::string, std::pair<std::string, std::string>> known;
  for (const auto& [file, text] : text_of_file) {
    for (const auto& [name, line] : private_names(text)) {
      const auto& [owner, first] = known.emplace(name, std::pair(file, line)).first->second;
      const bool same_alias = line.starts_with("using") && line == first;
      if (owner != file && !same_alias) return name + " in " + owner + " and " + file;
    }
  }
  return {};
}

TEST(Tidy, SourcesOfALibraryCompileInOneUnit) {
  const std::vector<std::vector<std::string>> libraries{
      {"rules"}, {"proxy"}, {"tests/rules"}, {"tests/support"}, {"tests/proxy"}};
  for (const auto& folders : libraries) {
    std::map<std::string, std::string> text_of_file;
    for (const auto& folder : folders) {
      for (const auto& path : test::sources_in(folder)) {
        if (path.extension() == ".cpp") text_of_file.emplace(path, read(path));
      }
    }
    EXPECT_EQ(find_clash(text_of_file), "");
  }
  const std::string first = "namespace a {\nnamespace {\nstruct Settings {\n};\n}  // namespace\n";
  const std::string other = "namespace a {\nnamespace {\nusing Settings = int;\n";
  EXPECT_EQ(find_clash({{"one", first}, {"other", other}}), "a Settings in one and other");
  EXPECT_EQ(find_clash({{"one", first}, {"other", "namespace b {\n" + other.substr(14)}}), "");
  EXPECT_EQ(
      private_names("namespace a {\nnamespace {\nconstexpr int kMost = 4;\n").count("a kMost"), 1U);
}

TEST(Tidy, RulesUseNoClockThreadSocketOrRandomSource) {
  for (const auto& path : test::sources_in("rules"))
    EXPECT_EQ(find_impurity(read(path)), "") << path;
  for (const auto* bad :
       {"#include \"proxy/loop/loop.h\"", "#include <thread>", "auto t = steady_clock::now();",
        "int x = rand();", "  std::uniform_int_distribution<int> d;"}) {
    EXPECT_EQ(find_impurity(bad), bad);
  }
  EXPECT_EQ(find_impurity("// asks steady_clock::now()"), "");
}

TEST(Tidy, NoCodeUsesBareNewOrDelete) {
  for (const auto* folder : {"rules", "proxy"}) {
    for (const auto& path : test::sources_in(folder)) {
      if (path.filename() == "handle.h") continue;
      const auto found = find_bare_new(read(path));
      // Allows `new` inside a smart pointer: if the constructor is private, a factory cannot use
      // make_unique.
      const bool factory = found.find("unique_ptr<") != std::string::npos ||
                           found.find("shared_ptr<") != std::string::npos;
      EXPECT_TRUE(found.empty() || factory) << path << ": " << found;
    }
  }
  EXPECT_NE(find_bare_new("  auto* x = new Foo();"), "");
  EXPECT_NE(find_bare_new("  delete x;"), "");
}

TEST(Tidy, FilesAndFunctionsAreShortAndHeadersBeginWithAComment) {
  for (const auto* folder : {"rules", "proxy"}) {
    for (const auto& path : test::sources_in(folder)) {
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
  EXPECT_EQ(longest_function("class A {\n public:\n  A(int x)\n      : a_{x},\n        b_(x) {\n"
                             "    if (x) {\n    }\n  }\n  int a_{};\n};\n"),
            6U);
  EXPECT_EQ(longest_function("auto f(int a,\n       int b) -> int {\n  g(\"}\");  // }\n}\n"), 4U);
  EXPECT_EQ(longest_function("constexpr std::array k{\n1,\n2};\nint f();\nint g() {\n}\n"), 2U);
}

TEST(Tidy, EveryFaultHasARowATestAndAnExample) {
  std::vector<std::string> files;
  std::map<std::string, fs::path> folder_of;
  for (const auto& path : test::sources_in("rules")) {
    const auto folder = fs::relative(path.parent_path(), test::source_root());
    const bool fault = folder.filename() == "faults" || folder.parent_path() == "rules/faults";
    if (path.extension() != ".cpp" || !fault || folder.filename() == "common") continue;
    files.push_back(path.stem());
    folder_of.emplace(path.stem(), folder);
  }
  std::vector<std::string> rows;
  for (const auto* kind : rules::all_faults()) rows.emplace_back(kind->name);
  EXPECT_THAT(rows, testing::UnorderedElementsAreArray(files));
  std::string over_sockets;
  for (const auto& path : test::sources_in("tests/proxy")) {
    if (path.stem().string().ends_with("faults_test")) over_sockets += read(path);
  }
  for (const auto& name : files) {
    const auto root = fs::path(test::source_root());
    EXPECT_TRUE(fs::exists(root / "tests" / folder_of[name] / (name + "_test.cpp")))
        << name << " has no test";
    const auto example = read(root / "examples/rules" / (name + ".toml"));
    EXPECT_THAT(example, testing::HasSubstr("type = \"" + name + "\""))
        << name << " has no example";
    EXPECT_THAT(over_sockets, testing::HasSubstr("TEST(FaultsOverSockets, " + name + ")")) << name;
  }
}

// Returns the first word in code (not in comments or strings) that contains `name` as a part, such
// as my_name_thing and MyNameThing.
std::string find_name(const std::string& text, const std::string& name) {
  auto capital = name;
  capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  const std::regex word("\\w*((\\b|_)" + name + "|" + capital + ")\\w*");
  std::smatch found;
  const auto code = only_code(text);
  return std::regex_search(code, found, word) ? found.str() : std::string();
}

// A protocol consists of one folder and one row of a table. Other code that names a protocol would
// have to be changed for each new protocol.
TEST(Tidy, OnlyItsOwnFolderNamesAMessagingProtocol) {
  // The registry, the synthetic users of rehearsals, and their embedded servers must name
  // protocols.
  const std::vector<std::string> may{"rules/registry.cpp", "rules/rehearsal/", "proxy/rehearsal/",
                                     "proxy/embedded/"};
  const auto root = fs::path(test::source_root());
  std::size_t protocols = 0;
  for (const auto& entry : fs::directory_iterator(root / "rules/protocols")) {
    const auto name = entry.path().filename().string();
    // Skips "framed", since other code uses this word for a setting of listeners, and "grpc", since
    // faults of HTTP answer with statuses of gRPC.
    if (name == "framed" || name == "grpc" || !fs::exists(entry.path() / (name + "_message.h")))
      continue;
    ++protocols;
    for (const auto* tree : {"rules", "proxy"}) {
      for (const auto& path : test::sources_in(tree)) {
        const auto file = fs::relative(path, root).string();
        const bool own = file.starts_with("rules/protocols/" + name + "/");
        const bool allowed = std::any_of(
            may.begin(), may.end(), [&](const auto& folder) { return file.starts_with(folder); });
        if (own || allowed) continue;
        EXPECT_EQ(find_name(read(path), name), "") << file;
      }
    }
  }
  EXPECT_GE(protocols, 2U);
  EXPECT_EQ(find_name("// Mqtt\nauto x = \"mqtt\";\nclass MyMqttThing;", "mqtt"), "MyMqttThing");
  EXPECT_EQ(find_name("int losses; TlsServer x; int my_sse_thing;", "sse"), "my_sse_thing");
}

// Returns the first line of code (without comments and strings) that contains `word` as a whole
// word.
std::string find_word(const std::string& text, const std::string& word) {
  const std::regex whole("\\b" + word + "\\b");
  for (const auto& line : lines_of(only_code(text))) {
    if (line.find(word) != std::string::npos && std::regex_search(line, whole)) return line;
  }
  return {};
}

// The name "one" does not say which kind of element it stands for.
TEST(Tidy, NoVariableIsCalledOne) {
  const auto root = fs::path(test::source_root());
  for (const auto* tree : {"rules", "proxy", "tests"}) {
    for (const auto& path : test::sources_in(tree)) {
      EXPECT_EQ(find_word(read(path), "one"), "") << fs::relative(path, root);
    }
  }
  for (const auto* bad : {"for (const auto& one : list) {", "bool same(Node one, Node other);",
                          "  const int one = 1;", "for (const auto& [name, one] : map)",
                          "  Fd one(open());", "[](auto one) { return 1; }"}) {
    EXPECT_EQ(find_word(bad, "one"), bad);
  }
  EXPECT_EQ(find_word("// one\nauto all_of_one = \"one\";", "one"), "");
}

TEST(Tidy, TheRepositoryHasOnlyKnownFolders) {
  const std::vector<std::string> rooms{"CMakeLists.txt", "CMakePresets.json",
                                       "LICENSE",        "README.md",
                                       "CHANGELOG.md",   "CONTRIBUTING.md",
                                       "bench",          "docs",
                                       "examples",       "proxy",
                                       "rules",          "tests",
                                       "build",          "node_modules"};
  for (const auto& entry : fs::directory_iterator(test::source_root())) {
    const auto name = entry.path().filename().string();
    EXPECT_TRUE(name.starts_with(".") || std::find(rooms.begin(), rooms.end(), name) != rooms.end())
        << name;
  }
}

}  // namespace
}  // namespace brownout
