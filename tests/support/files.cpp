#include "tests/support/files.h"

#include <fstream>
#include <sstream>

namespace brownout::test {

std::string source_root() { return SOURCE_DIR; }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> sources_in(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> list;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(source_root()) / folder)) {
    const auto extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") list.push_back(entry.path());
  }
  return list;
}

}  // namespace brownout::test
