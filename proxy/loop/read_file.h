// Reading a file that a user names, as a whole. Errors are of origin kConfig and do not name it.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

// More is an error, before it is read.
inline constexpr std::size_t kMostToRead = 64 << 20;

// Once, at the start: a pipe or a terminal is read to its end, and waited for.
rules::Result<std::string> read_once(const std::string& path);
// While the process serves others: only a regular file is read, so that nobody else's program is
// waited for.
rules::Result<std::string> read_regular(const std::string& path);
// Whether read_regular() may read it, as far as its kind goes.
bool is_regular(const std::string& path);

}  // namespace brownout::proxy
