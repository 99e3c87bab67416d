// Reads a password from its own file: rule files are shown, logged and replayed, so they hold none.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// First line of a regular file. Pipes are an error: a reload reads the file again and must not
// block.
rules::Result<std::string> read_password(const std::string& path);

}  // namespace brownout::proxy
