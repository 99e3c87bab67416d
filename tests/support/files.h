// Reads files of the repository, for tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace brownout::test {

// The root folder of the repository.
std::string source_root();

std::string read_file(const std::string& path);
// Reads `path`, relative to the root folder.
inline std::string read_source(const std::string& path) {
  return read_file(source_root() + "/" + path);
}

// The .h and .cpp files below a folder of the repository, with absolute paths.
std::vector<std::filesystem::path> sources_in(const std::string& folder);

}  // namespace brownout::test
