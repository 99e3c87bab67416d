// Reads a password from a file that holds nothing else. Rule files contain no passwords, since they
// are shown, logged and replayed.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// Returns the first line of a regular file. Pipes are an error: a reload reads the file again and
// must not block.
rules::Result<std::string> read_password(const std::string& path);

}  // namespace brownout::proxy
