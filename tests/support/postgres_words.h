// Writes messages of PostgreSQL's protocol, version 3.0.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace brownout::test {

// Text with its NUL bytes: pg("a\0b").
template <std::size_t kSize>
std::string pg(const char (&text)[kSize]) {
  return {text, kSize - 1};
}
inline std::string postgres_u32(std::size_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}
inline std::string postgres_message(char letter, std::string_view body = "") {
  return letter + postgres_u32(body.size() + 4) + std::string(body);
}
inline std::string postgres_first(std::size_t code, std::string_view body = "") {
  return postgres_u32(body.size() + 8) + postgres_u32(code) + std::string(body);
}
inline std::string postgres_startup() { return postgres_first(3U << 16, pg("user\0ann\0\0")); }
inline std::string postgres_tls() { return postgres_first(80877103); }
// The answer to a StartupMessage.
inline std::string postgres_welcome() {
  return postgres_message('R', pg("\0\0\0\0")) + postgres_message('S', pg("TimeZone\0UTC\0")) +
         postgres_message('K', "12345678") + postgres_message('Z', "I");
}
inline std::string postgres_query(std::string_view sql) {
  return postgres_message('Q', std::string(sql) + '\0');
}
inline std::string postgres_parse(std::string_view name, std::string_view sql) {
  return postgres_message('P', std::string(name) + '\0' + std::string(sql) + pg("\0\0\0"));
}
inline std::string postgres_bind(std::string_view portal, std::string_view name) {
  return postgres_message('B',
                          std::string(portal) + '\0' + std::string(name) + pg("\0\0\0\0\0\0\0"));
}
inline std::string postgres_execute(std::string_view portal) {
  return postgres_message('E', std::string(portal) + pg("\0\0\0\0\0"));
}
inline std::string postgres_sync() { return postgres_message('S'); }
inline std::string postgres_ready(char state = 'I') {
  return postgres_message('Z', std::string(1, state));
}
inline std::string postgres_done(std::string_view tag) {
  return postgres_message('C', std::string(tag) + '\0');
}
// An ErrorResponse ('E') or NoticeResponse ('N').
inline std::string postgres_report(char letter, std::string_view severity,
                                   std::string_view sqlstate, std::string_view text) {
  std::string body;
  for (const auto& [field, value] :
       {std::pair{'S', severity}, {'V', severity}, {'C', sqlstate}, {'M', text}}) {
    body += field + std::string(value) + '\0';
  }
  return postgres_message(letter, body + '\0');
}
// A row of one column with this text.
inline std::string postgres_row(std::string_view text) {
  return postgres_message('D', pg("\0\1") + postgres_u32(text.size()) + std::string(text));
}

}  // namespace brownout::test
