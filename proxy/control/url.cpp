#include "proxy/control/url.h"

#include <algorithm>

#include "proxy/http/curl.h"

namespace brownout::proxy {

std::string unescaped(const std::string& text) {
  // Most are: the loop of the API need not load libcurl for them.
  if (text.find('%') == std::string::npos) return text;
  int size = 0;
  const CurlText plain(
      curl().easy_unescape(nullptr, text.c_str(), static_cast<int>(text.size()), &size));
  return plain ? std::string(plain.get(), static_cast<std::size_t>(size)) : text;
}

std::string escaped(const std::string& text) {
  const CurlText made(curl().easy_escape(nullptr, text.c_str(), static_cast<int>(text.size())));
  return made ? made.get() : text;
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const auto end = std::min(path.find('/', begin), path.size());
    parts.push_back(unescaped(path.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

std::map<std::string, std::string> parse_query(const std::string& query) {
  std::map<std::string, std::string> all;
  std::size_t begin = 0;
  while (begin < query.size()) {
    const auto end = std::min(query.find('&', begin), query.size());
    const auto pair = query.substr(begin, end - begin);
    const auto equals = std::min(pair.find('='), pair.size());
    all[unescaped(pair.substr(0, equals))] =
        equals < pair.size() ? unescaped(pair.substr(equals + 1)) : "";
    begin = end + 1;
  }
  return all;
}

}  // namespace brownout::proxy
