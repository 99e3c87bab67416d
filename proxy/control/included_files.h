// IncludedFiles caches the files that a rule file names, such as DNS zone files, as they were when
// the rule file was read. The owner of the rule file's text keeps one.
//
// Changes by the API use these copies. So the changes do not depend on the disk, and API clients
// cannot read other files. An object can be copied. It must outlive the functions that it returns.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proxy/formats/includes.h"

namespace brownout::proxy {

class IncludedFiles {
 public:
  // Makes an object without files, for text that does not come from a file and so cannot include
  // others.
  IncludedFiles() = default;
  explicit IncludedFiles(std::string rule_file) : rule_file_(std::move(rule_file)) {}

  // Returns a function that loads each file from the disk once and caches it in this object.
  codecs::Includes from_disk();
  // Returns a function that gives the text of a cached file, and never reads the disk.
  codecs::Includes as_read() const;

  // Whether any included file on the disk differs from its cached copy.
  bool changed() const;
  // Paths of the included files, including those that could not be read.
  std::vector<std::string> paths() const;
  // Paths of the rule file and of all files that it includes.
  std::vector<std::string> watched() const;

 private:
  struct File {
    std::string text;
    std::string why_not;  // error of reading the file; "" if it could be read
    friend bool operator==(const File&, const File&) = default;
  };
  static File read(const std::string& path);
  static rules::Result<std::string> text_of(const File& file);

  std::string rule_file_;
  std::map<std::string, File> files_;  // the included files, by path
};

}  // namespace brownout::proxy
