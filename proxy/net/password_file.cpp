#include "proxy/net/password_file.h"

#include "proxy/loop/read_file.h"

namespace brownout::proxy {

rules::Result<std::string> read_password(const std::string& path) {
  const auto text = read_regular(path);
  if (!text) {
    return rules::config_error("password_file: " + path + ": " + text.error().what,
                               "it must be a file whose first line is the password");
  }
  auto line = text->substr(0, text->find('\n'));
  if (!line.empty()) return line;
  return rules::config_error("password_file: the first line is empty: " + path,
                             "write the password into its first line");
}

}  // namespace brownout::proxy
