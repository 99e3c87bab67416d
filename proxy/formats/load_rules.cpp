#include "proxy/formats/load_rules.h"

#include <filesystem>

#include "proxy/formats/zone_file.h"
#include "rules/language/load_toml.h"

namespace brownout::codecs {

std::string path_beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

tl::expected<rules::Config, rules::Diagnostics> load_rules(std::string_view text,
                                                           const Includes& includes) {
  const auto document = rules::parse_toml(text);
  if (!document) return tl::unexpected(document.error());
  return load_rules(*document, includes);
}

tl::expected<rules::Config, rules::Diagnostics> load_rules(const rules::Node& document,
                                                           const Includes& includes) {
  rules::Diagnostics problems;
  auto config = load_rules(document, includes, problems);
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return config;
}

rules::Config load_rules(const rules::Node& document, const Includes& includes,
                         rules::Diagnostics& problems) {
  auto config = rules::read_config(document, problems);
  problems.add_all(read_zones(config, includes));
  return config;
}

}  // namespace brownout::codecs
