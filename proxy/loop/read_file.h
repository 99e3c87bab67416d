// Reads a whole file that a user has named. Errors have the origin kConfig and do not contain the
// path.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// Limit of bytes to read; a larger file is an error.
inline constexpr std::size_t kMostToRead = 64 << 20;

// Returns the contents of a file, or of a pipe or terminal up to its end. May block, so call it
// only while the process starts.
rules::Result<std::string> read_once(const std::string& path);
// Returns the contents of a regular file; anything else is an error. Cannot block, so it suits a
// process that serves traffic.
rules::Result<std::string> read_regular(const std::string& path);
// Whether the path is a regular file, as read_regular() requires.
bool is_regular(const std::string& path);

}  // namespace brownout::proxy
