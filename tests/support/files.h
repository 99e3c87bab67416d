// Files of the repository, for tests.
#pragma once

#include <string>

namespace brownout::test {

// The repository's root.
std::string source_root();

std::string read_file(const std::string& path);
// `path` from the repository's root.
inline std::string read_source(const std::string& path) {
  return read_file(source_root() + "/" + path);
}

}  // namespace brownout::test
