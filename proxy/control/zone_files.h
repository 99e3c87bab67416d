// ZoneFiles: the files that a rule file's zones include, as they were when it was read. What the
// API changes later is read with the same, so that it does not depend on the disk, and no client of
// the API has any other file read. A value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proxy/formats/zone_file.h"

namespace brownout::proxy {

class ZoneFiles {
 public:
  // Of no rule file: there are none.
  ZoneFiles() = default;
  explicit ZoneFiles(std::string rule_file) : rule_file_(std::move(rule_file)) {}

  // From the disk, each once, and kept here. It borrows this object.
  codecs::ZoneIncludes from_disk();
  // What is kept here, and nothing else. It borrows this object.
  codecs::ZoneIncludes as_read() const;

  // Whether the disk says something else by now.
  bool changed() const;
  // The included files, whether they could be read or not.
  std::vector<std::string> paths() const;
  // The rule file, and the files that it includes.
  std::vector<std::string> watched() const;

 private:
  struct File {
    std::string text;
    std::string why_not;  // it could not be read; "" if it could
    friend bool operator==(const File&, const File&) = default;
  };
  static File read(const std::string& path);
  static rules::Result<std::string> text_of(const File& file);

  std::string rule_file_;
  std::map<std::string, File> files_;  // by path
};

}  // namespace brownout::proxy
