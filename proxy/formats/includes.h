// Includes is the function with which the loader reads files that a rule file names: zone files,
// and files of its faults. No other code in this folder does I/O.
#pragma once

#include <functional>
#include <string>

#include "rules/base/result.h"

namespace brownout::codecs {

struct Includes {
  // Path of the rule file. A relative path begins in the folder of the file that names it.
  std::string rule_file;
  // Returns the text of a file. The function is empty if the loader must not read files.
  std::function<rules::Result<std::string>(const std::string& path)> read;
};

// Resolves a path against the folder of a file: "hosts.zone" in "zones/a.zone" gives
// "zones/hosts.zone".
std::string path_beside(const std::string& file, const std::string& path);

}  // namespace brownout::codecs
