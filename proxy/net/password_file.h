// Passwords are in files of their own: a rule file is shown, logged and replayed.
#pragma once

#include <string>

#include "rules/result.h"

namespace brownout::proxy {

// Its first line.
rules::Result<std::string> read_password(const std::string& path);

}  // namespace brownout::proxy
