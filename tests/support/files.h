// Reads files of the repository in tests.
#pragma once

#include <string>

namespace brownout::test {

// The root folder of the repository.
std::string source_root();

std::string read_file(const std::string& path);
// Reads `path`, relative to the root folder.
inline std::string read_source(const std::string& path) {
  return read_file(source_root() + "/" + path);
}

}  // namespace brownout::test
