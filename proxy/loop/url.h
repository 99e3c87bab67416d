// Parses paths and queries of URLs (RFC 3986, sections 2.1 and 3.3).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace brownout::proxy {

// Removes or adds percent-encoding, such as %20.
std::string unescaped(const std::string& text);
std::string escaped(const std::string& text);
// Splits a path at "/" and decodes the parts: "/a/b%20c" gives "a" and "b c". A trailing slash
// gives an empty last part.
std::vector<std::string> split_path(const std::string& path);
// Returns the decoded values of a query such as "a=1&b=2", by key.
std::map<std::string, std::string> parse_query(const std::string& query);

}  // namespace brownout::proxy
