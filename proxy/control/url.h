// Parsing of URL paths and queries (RFC 3986, 2.1 and 3.3).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace brownout::proxy {

// Percent-decoding, and percent-encoding.
std::string unescaped(const std::string& text);
std::string escaped(const std::string& text);
// Decoded segments: "/a/b%20c" gives "a" and "b c". A trailing slash gives an empty last segment.
std::vector<std::string> split_path(const std::string& path);
// Decoded values by key, from "a=1&b=2".
std::map<std::string, std::string> parse_query(const std::string& query);

}  // namespace brownout::proxy
