#include "proxy/formats/load_rules.h"

#include <filesystem>

#include "proxy/formats/zone_file.h"
#include "rules/language/file_texts.h"
#include "rules/language/load_toml.h"

namespace brownout::codecs {
namespace {

// Reads the files that faults name, within the limits of zone files.
class FaultFiles {
 public:
  explicit FaultFiles(const Includes& includes) : includes_(includes) {}

  rules::FileText operator()(const std::string& named) {
    const auto path = path_beside(includes_.rule_file, named);
    const auto refuse = [&](std::string why, std::string hint) {
      return rules::FileText{path, {}, std::move(why), std::move(hint)};
    };
    if (!includes_.read) {
      return refuse("files cannot be read in this context",
                    "write the rule into a rule file, and load that file");
    }
    auto text = includes_.read(path);
    if (!text) {
      const auto& hint = text.error().hint;
      return refuse(text.error().what,
                    hint.empty()
                        ? "check the path: a relative path begins in the folder of the rule file"
                        : hint);
    }
    bytes_ += text->size();
    if (++files_ > kMostIncludes || bytes_ > kMostZoneText) {
      return refuse("the files that faults name are more than 256, or larger than 64 MiB together",
                    "remove some of these files");
    }
    return {path, std::move(*text)};
  }

 private:
  const Includes& includes_;
  std::size_t files_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

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
  auto config =
      rules::read_config(rules::with_file_texts(document, FaultFiles(includes)), problems);
  problems.add_all(read_zones(config, includes));
  return config;
}

}  // namespace brownout::codecs
