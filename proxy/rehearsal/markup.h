// Escapes text for XML, HTML and Markdown. The result is always valid UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/valid_text.h"

namespace brownout::rehearsal {

// Escapes text for XML and HTML, between tags or in an attribute.
inline std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : rules::valid_text(text)) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else {
      // Replaces control characters except line feeds and tabs, since XML 1.0 does not allow them.
      safe += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return safe;
}

// Escapes text for a cell of a Markdown table.
inline std::string markdown_cell(std::string_view text) {
  std::string safe;
  for (const char c : rules::valid_text(text)) {
    if (c == '|') safe += '\\';
    safe += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return safe;
}

}  // namespace brownout::rehearsal
