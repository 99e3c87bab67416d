#include "proxy/cli/rule_file.h"

#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "proxy/engine/config_files.h"
#include "proxy/formats/load_rules.h"
#include "proxy/loop/read_file.h"
#include "proxy/observe/console.h"
#include "rules/language/default_listeners.h"
#include "rules/language/load_toml.h"
#include "rules/language/warnings.h"

namespace brownout::cli {

int fail(const rules::Error& error) {
  proxy::print_error(fmt::format("error: {}\n", describe(error)));
  return error.origin == rules::Origin::kConfig ? kBadInput : kFailed;
}

std::optional<std::string> read_text(const std::string& path) {
  auto text = proxy::read_once(path);
  if (text) return std::move(*text);
  proxy::print_error(fmt::format("{}: error: {}\n     = check the path and its permissions\n", path,
                                 text.error().what));
  return std::nullopt;
}

std::optional<std::string> read_text(const std::string& path, const QuickFile& quick) {
  if (!quick.is_given() && !path.empty()) return read_text(path);
  rules::Result<std::string> text = rules::config_error(
      "a rule file is needed", "brownout run rules.toml, or --listen, --to and --fault");
  if (quick.is_given()) text = text_of(quick);
  if (text) {
    proxy::print_error("# These options stand for this rule file:\n" + *text);
    return std::move(*text);
  }
  fail(text.error());
  return std::nullopt;
}

namespace {

void print_mistakes(const rules::Diagnostics& mistakes, const std::string& path,
                    const std::string& text) {
  proxy::print_error(fmt::format("{}{} in {}\n", rules::render(mistakes, path, text),
                                 rules::count_of(mistakes.size(), "mistake"), path));
}

std::optional<rules::Config> complain(tl::expected<rules::Config, rules::Diagnostics> config,
                                      const std::string& path, const std::string& text) {
  if (config) {
    const auto warnings = rules::warnings_of(*config);
    if (!warnings.empty()) proxy::print_error(rules::render(warnings, path, text, "warning"));
    return std::move(*config);
  }
  print_mistakes(config.error(), path, text);
  return std::nullopt;
}

tl::expected<rules::Node, rules::Diagnostics> read_document(const std::string& text,
                                                            bool for_exec) {
  auto document = rules::parse_toml(text);
  if (document && for_exec) return rules::with_default_listeners(std::move(*document));
  return document;
}

}  // namespace

std::optional<rules::Config> parse(const std::string& path, const std::string& text,
                                   proxy::IncludedFiles& files) {
  files = proxy::IncludedFiles(path);
  return complain(codecs::load_rules(text, files.from_disk()), path, text);
}

std::optional<rules::Config> parse(const std::string& path, const std::string& text) {
  proxy::IncludedFiles files;
  return parse(path, text, files);
}

bool complain_of_files(const rules::Config& config, const std::string& path,
                       const std::string& text, bool for_exec) {
  const auto document = rules::parse_toml(text);
  if (!document) return false;
  const auto refused = proxy::refused_files(config, *document, for_exec);
  if (!refused.empty()) print_mistakes(refused, path, text);
  return !refused.empty();
}

std::optional<rules::Config> parse_for_exec(const std::string& path, const std::string& text,
                                            proxy::IncludedFiles& files) {
  files = proxy::IncludedFiles(path);
  const auto document = read_document(text, true);
  if (!document) return complain(tl::unexpected(document.error()), path, text);
  return complain(codecs::load_rules(*document, files.from_disk()), path, text);
}

tl::expected<rules::Config, rules::Diagnostics> read_all(const std::string& path,
                                                         const std::string& text, bool for_exec) {
  const auto document = read_document(text, for_exec);
  if (!document) return tl::unexpected(document.error());
  proxy::IncludedFiles files(path);
  rules::Diagnostics problems;
  auto config = codecs::load_rules(*document, files.from_disk(), problems);
  problems.add_all(proxy::refused_files(config, *document, for_exec));
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return config;
}

std::optional<rules::Config> parse_all(const std::string& path, const std::string& text,
                                       bool for_exec) {
  return complain(read_all(path, text, for_exec), path, text);
}

std::optional<rules::Config> load(const std::string& path) {
  const auto text = read_text(path);
  return text ? parse(path, *text) : std::nullopt;
}

}  // namespace brownout::cli
