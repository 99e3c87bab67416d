#include "proxy/cli/quick_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "proxy/formats/toml_text.h"
#include "rules/base/diagnostics.h"

namespace brownout::cli {
namespace {

using codecs::toml_string;

constexpr std::string_view kFaultForm =
    R"(e.g. --fault 'latency delay=300ms jitter=50ms', or --fault 'preset 3g')";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit) &&
         (text == "0" || text.front() != '0');
}

// Leaves numbers, booleans, lists and tables as they are; makes any other text a TOML string.
std::string toml_value(std::string_view text) {
  const bool bare = is_number(text) || text == "true" || text == "false" || text.starts_with('[') ||
                    text.starts_with('{') || text.starts_with('"');
  return bare ? std::string(text) : toml_string(text);
}

// Splits text such as "latency delay=300ms" at blanks, except inside quotes or brackets.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if (c != ' ' || quoted || depth > 0) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

// Returns the rule's line with `fault` or `preset`.
rules::Result<std::string> fault_of(const std::string& text) {
  const auto words = words_of(text);
  if (words.size() == 2 && words.front() == "preset")
    return "preset = " + toml_string(words.back());
  if (words.empty() || words.front().find('=') != std::string::npos) {
    return rules::config_error(
        "--fault " + rules::in_quotes(text) + " does not begin with the name of a fault",
        std::string(kFaultForm));
  }
  auto fault = "type = " + toml_string(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      return rules::config_error(
          "--fault: " + rules::in_quotes(words[i]) + " is not of the form KEY=VALUE",
          std::string(kFaultForm));
    }
    fault += ", " + words[i].substr(0, equals) + " = " + toml_value(words[i].substr(equals + 1));
  }
  return "fault = { " + fault + " }";
}

}  // namespace

std::string address_of(const std::string& text) {
  const auto port = text.starts_with(':') ? text.substr(1) : text;
  // Also treats a number above 65535 as a port, so that the error names the range of ports.
  const bool number = !port.empty() && std::all_of(port.begin(), port.end(), is_digit);
  return number ? "127.0.0.1:" + port : text;
}

rules::Result<std::string> text_of(const QuickFile& file) {
  if (file.listen.empty() || file.to.empty()) {
    return rules::config_error(
        file.listen.empty() ? "--to needs --listen" : "--listen needs --to",
        "e.g. brownout run --listen 5433 --to 127.0.0.1:5432 --fault 'latency delay=300ms'");
  }
  std::string text = "[[listener]]\n";
  text += "listen = " + toml_string(address_of(file.listen)) + "\n";
  std::string servers;
  for (const auto& server : file.to) {
    servers += (servers.empty() ? "" : ", ") + toml_string(address_of(server));
  }
  text += "upstream = " + (file.to.size() > 1 ? "[" + servers + "]" : servers) + "\n";
  if (!file.protocol.empty()) text += "protocol = " + toml_string(file.protocol) + "\n";
  for (const auto& wanted : file.faults) {
    const auto fault = fault_of(wanted);
    if (!fault) return tl::unexpected(fault.error());
    text += "[[rule]]\n" + *fault + "\n";
  }
  return text;
}

}  // namespace brownout::cli
