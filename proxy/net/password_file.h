// Passwords are in files of their own: a rule file is shown, logged and replayed.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// Its first line. A regular file, since a reload reads it again and must not wait for a pipe.
rules::Result<std::string> read_password(const std::string& path);

}  // namespace brownout::proxy
