// Parts of a URL (RFC 3986, 2.1 and 3.3).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace brownout::proxy {

// "%20" and the like, and back.
std::string unescaped(const std::string& text);
std::string escaped(const std::string& text);
// "/a/b%20c" is "a" and "b c"; a slash at the end gives an empty part.
std::vector<std::string> split_path(const std::string& path);
// "a=1&b=2"
std::map<std::string, std::string> parse_query(const std::string& query);

}  // namespace brownout::proxy
