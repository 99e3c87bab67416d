// ZoneFiles caches the zone files that a rule file includes, as they were when the rule file was
// read.
//
// Changes by the API use these copies, so that they do not depend on the disk, and so that API
// clients cannot read other files. Can be copied; must outlive the readers that it returns.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proxy/formats/zone_file.h"

namespace brownout::proxy {

class ZoneFiles {
 public:
  // Without a rule file no zone file can be included.
  ZoneFiles() = default;
  explicit ZoneFiles(std::string rule_file) : rule_file_(std::move(rule_file)) {}

  // A reader that loads each file from the disk once and caches it here. Borrows this object.
  codecs::ZoneIncludes from_disk();
  // A reader of the cached files only. Borrows this object.
  codecs::ZoneIncludes as_read() const;

  // Whether any file on the disk differs from its cached copy.
  bool changed() const;
  // The included files, including those that could not be read.
  std::vector<std::string> paths() const;
  // The rule file and the included files.
  std::vector<std::string> watched() const;

 private:
  struct File {
    std::string text;
    std::string why_not;  // error of reading the file, or ""
    friend bool operator==(const File&, const File&) = default;
  };
  static File read(const std::string& path);
  static rules::Result<std::string> text_of(const File& file);

  std::string rule_file_;
  std::map<std::string, File> files_;  // by path
};

}  // namespace brownout::proxy
