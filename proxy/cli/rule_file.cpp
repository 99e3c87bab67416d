#include "proxy/cli/rule_file.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "proxy/cli/commands.h"
#include "proxy/codecs/zone_file.h"
#include "rules/load_toml.h"
#include "rules/usual_listeners.h"

namespace brownout::cli {
namespace {

constexpr std::size_t kMostBytes = 64 << 20;

}  // namespace

int fail(const rules::Error& error) {
  fmt::print(stderr, "error: {}\n", describe(error));
  return error.origin == rules::Origin::kConfig ? kBadInput : kFailed;
}

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // Opening a directory succeeds, reading it does not.
  if (!file || !(text << file.rdbuf())) {
    const int error = errno != 0 ? errno : ENODATA;
    fmt::print(stderr, "{}: error: cannot read the file: {}\n", path, std::strerror(error));
    return std::nullopt;
  }
  if (text.view().size() > kMostBytes) {
    fmt::print(stderr, "{}: error: larger than 64 MiB, which is no rule file\n", path);
    return std::nullopt;
  }
  return std::move(text).str();
}

namespace {

std::optional<rules::Config> complain(tl::expected<rules::Config, rules::Diagnostics> config,
                                      const std::string& path, const std::string& text) {
  if (config) return std::move(*config);
  const auto count = config.error().size();
  fmt::print(stderr, "{}{} mistake{} in {}\n", rules::render(config.error(), path, text), count,
             count == 1 ? "" : "s", path);
  return std::nullopt;
}

}  // namespace

std::optional<rules::Config> parse(const std::string& path, const std::string& text) {
  return complain(codecs::load_rules(text), path, text);
}

std::optional<rules::Config> parse_for_exec(const std::string& path, const std::string& text) {
  auto document = rules::parse_toml(text);
  if (!document) return complain(tl::unexpected(document.error()), path, text);
  return complain(codecs::load_rules(rules::with_usual_listeners(std::move(*document))), path,
                  text);
}

std::optional<rules::Config> load(const std::string& path) {
  const auto text = read_text(path);
  return text ? parse(path, *text) : std::nullopt;
}

}  // namespace brownout::cli
