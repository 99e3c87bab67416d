#include "proxy/control/included_files.h"

#include <algorithm>

#include "proxy/loop/read_file.h"

namespace brownout::proxy {

IncludedFiles::File IncludedFiles::read(const std::string& path) {
  auto text = read_regular(path);
  return text ? File{std::move(*text), {}} : File{{}, text.error().what};
}

rules::Result<std::string> IncludedFiles::text_of(const File& file) {
  if (file.why_not.empty()) return file.text;
  return rules::config_error(file.why_not);
}

codecs::Includes IncludedFiles::from_disk() {
  return {rule_file_, [this](const std::string& path) {
            auto known = files_.find(path);
            if (known == files_.end()) known = files_.emplace(path, read(path)).first;
            return text_of(known->second);
          }};
}

codecs::Includes IncludedFiles::as_read() const {
  return {
      rule_file_, [this](const std::string& path) -> rules::Result<std::string> {
        const auto known = files_.find(path);
        if (known != files_.end()) return text_of(known->second);
        return rules::config_error(
            "this file is not read, because the rule file does not name it",
            "name the file in the rule file first, or, for a zone, write the lines into `records`");
      }};
}

bool IncludedFiles::changed() const {
  return std::any_of(files_.begin(), files_.end(),
                     [](const auto& file) { return read(file.first) != file.second; });
}

std::vector<std::string> IncludedFiles::paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, file] : files_) paths.push_back(path);
  return paths;
}

std::vector<std::string> IncludedFiles::watched() const {
  auto all = paths();
  all.push_back(rule_file_);
  return all;
}

}  // namespace brownout::proxy
