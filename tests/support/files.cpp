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

}  // namespace brownout::test
