#include "proxy/net/password_file.h"

#include <fstream>

namespace brownout::proxy {

rules::Result<std::string> read_password(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (file && std::getline(file, line) && !line.empty()) return line;
  return rules::config_error("password_file: there is nothing to read in " + path,
                             "write the password into its first line");
}

}  // namespace brownout::proxy
