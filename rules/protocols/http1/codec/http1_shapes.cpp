#include "rules/protocols/http1/codec/http1_shapes.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "rules/protocols/http1/http.h"

namespace brownout::codecs {
namespace {

using rules::is_token;
using rules::same_header_name;

bool is_low(char c) { return static_cast<unsigned char>(c) < 0x80; }

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view refused_bytes(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\0') return "a NUL in the head";
    if (head[i] == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) return "a CR without LF";
    if (head[i] != '\n') continue;
    if (i == 0 || head[i - 1] != '\r') return "a LF without CR";
    const bool folded = i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t');
    if (folded) return "a folded header line (obs-fold)";
  }
  return {};
}

bool is_ascii(std::string_view text) { return std::all_of(text.begin(), text.end(), is_low); }

std::string in_ascii(std::string_view line) {
  std::string text(line);
  std::replace_if(text.begin(), text.end(), std::not_fn(is_low), 'x');
  return text;
}

Codings codings_of(std::string_view value) {
  auto codings = Codings::kNone;
  bool chunked = false;
  while (true) {
    bool quoted = false;
    const auto end = std::find_if(value.begin(), value.end(), [&](char c) {
      quoted = quoted != (c == '"');
      return c == ',' && !quoted;
    });
    const auto size = static_cast<std::size_t>(end - value.begin());
    const auto coding = without_spaces(value.substr(0, size));
    const auto name = without_spaces(coding.substr(0, coding.find(';')));
    const bool is_chunked = same_header_name(name, "chunked");
    const bool twice = is_chunked && std::exchange(chunked, true);
    if (!is_token(name) || twice || (is_chunked && name.size() < coding.size()) ||
        coding.find('\t') != std::string_view::npos) {
      return Codings::kMalformed;
    }
    codings = is_chunked ? Codings::kChunkedLast : Codings::kOther;
    if (end == value.end()) return codings;
    value.remove_prefix(size + 1);
  }
}

}  // namespace brownout::codecs
