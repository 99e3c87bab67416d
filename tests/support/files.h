// Files of the repository, for tests.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace brownout::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// `path` from the repository's root.
inline std::string read_source(const std::string& path) {
  return read_file(std::string(SOURCE_DIR) + "/" + path);
}

}  // namespace brownout::test
