// Reads a whole file that a user has named. Errors have the origin kConfig and do not contain the
// path.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// Limit in bytes; a larger file is an error.
inline constexpr std::size_t kMostToRead = 64 << 20;

// Reads pipes and terminals, too, to their end. May block, so call it only while the process
// starts.
rules::Result<std::string> read_once(const std::string& path);
// Reads regular files only, so that it cannot block. For use while the process serves traffic.
rules::Result<std::string> read_regular(const std::string& path);
// Whether the path is a regular file, as read_regular() requires.
bool is_regular(const std::string& path);

}  // namespace brownout::proxy
