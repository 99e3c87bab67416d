#include "proxy/loop/url.h"

#include <algorithm>

#include <charconv>

#include "proxy/loop/curl.h"

namespace brownout::proxy {

// Decodes %XX without libcurl, whose loading would block the API's loop for tens of milliseconds.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const auto* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
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
