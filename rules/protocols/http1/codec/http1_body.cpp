#include "rules/protocols/http1/codec/http1_body.h"

#include <algorithm>
#include <limits>

#include "rules/base/hex_digit.h"

namespace brownout::codecs {
namespace {

using rules::is_token_char;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Whether a field or a quoted string may contain `c` (RFC 9110, 5.5 and 5.6.4).
bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= ' ' && byte != 0x7f);
}

}  // namespace

void Http1Body::begin(Kind kind, std::uint64_t length) {
  kind_ = kind;
  left_ = length;
  in_trailer_ = 0;
  trailers_.clear();
  why_ = {};
  if (kind == Kind::kChunked) return begin_line();
  if (kind == Kind::kUntilEnd) left_ = std::numeric_limits<std::uint64_t>::max();
  at_ = kind == Kind::kNone || left_ == 0 ? At::kEnd : At::kData;
}

std::size_t Http1Body::take(ByteView bytes, std::vector<ByteView>& payload) {
  const auto all = text_of(bytes);
  std::size_t taken = 0;
  while (taken < all.size() && at_ != At::kEnd && why_.empty()) {
    if (at_ != At::kData) {
      read(all[taken++]);
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(all.size() - taken, left_));
    payload.push_back(bytes.subspan(taken, size));
    taken += size;
    if (kind_ == Kind::kUntilEnd) continue;
    left_ -= size;
    if (left_ == 0) at_ = kind_ == Kind::kChunked ? At::kDataCr : At::kEnd;
  }
  return taken;
}

void Http1Body::begin_line() {
  at_ = At::kSize;
  left_ = 0;
  line_ = 0;
  digits_ = 0;
}

void Http1Body::expect(char c, char expected, At next) {
  if (c != expected) return broken("a chunk that does not end with CRLF");
  at_ = next;
}

void Http1Body::read(char c) {
  switch (at_) {
    case At::kDataCr:
      return expect(c, '\r', At::kDataLf);
    case At::kDataLf:
      return c == '\n' ? begin_line() : broken("a chunk that does not end with CRLF");
    case At::kField:
    case At::kFieldName:
    case At::kFieldValue:
    case At::kFieldLf:
    case At::kLastLf:
      return read_trailer(c);
    default:
      return read_line(c);
  }
}

void Http1Body::read_line(char c) {
  if (++line_ > kMostLine) return broken("a chunk extension of more than 16 KiB");
  switch (at_) {
    case At::kSize:
      return read_size(c);
    case At::kSizeLf:
      return expect(c, '\n', left_ > 0 ? At::kData : At::kField);
    default:
      return read_extension(c);
  }
}

void Http1Body::read_size(char c) {
  const auto digit = rules::hex_digit(c);
  if (!digit) {
    if (digits_ == 0) return broken("a chunk whose size is not a number");
    return behind_value(c);
  }
  ++digits_;
  if (left_ > std::numeric_limits<std::uint64_t>::max() >> 4)
    return broken("a chunk's size overflows");
  left_ = left_ << 4 | *digit;
}

// Processes the byte after a chunk size or an extension. Some servers pad the size with blanks, and
// all clients accept this.
void Http1Body::behind_value(char c) {
  if (c == '\r') {
    at_ = At::kSizeLf;
  } else if (c == ';') {
    at_ = At::kName;
  } else if (is_blank(c)) {
    at_ = At::kBehindSize;
  } else {
    broken("a chunk whose size is not a number, or with a malformed extension");
  }
}

// Parses chunk extensions: *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ).
void Http1Body::read_extension(char c) {
  switch (at_) {
    case At::kName:
    case At::kValue:
      if (is_blank(c)) return;
      if (at_ == At::kValue && c == '"') {
        at_ = At::kQuoted;
      } else if (is_token_char(c)) {
        at_ = at_ == At::kName ? At::kInName : At::kInValue;
      } else {
        broken("a malformed chunk extension");
      }
      return;
    case At::kInName:
      if (is_token_char(c)) return;
      [[fallthrough]];
    case At::kBehindName:
      if (c == '=') {
        at_ = At::kValue;
      } else if (is_blank(c)) {
        at_ = At::kBehindName;
      } else {
        behind_value(c);
      }
      return;
    case At::kInValue:
      return is_token_char(c) ? void() : behind_value(c);
    case At::kQuoted:
    case At::kEscaped:
      if (!is_text(c)) return broken("a malformed chunk extension");
      if (at_ == At::kEscaped || (c != '"' && c != '\\')) {
        at_ = At::kQuoted;
      } else {
        at_ = c == '"' ? At::kBehindSize : At::kEscaped;
      }
      return;
    default:
      return behind_value(c);
  }
}

void Http1Body::read_trailer(char c) {
  if (++in_trailer_ > kMostTrailer || trailers_.size() > kMostFields) {
    return broken("a trailer of more than 64 KiB or 256 fields");
  }
  switch (at_) {
    case At::kField:
      if (c == '\r') {
        at_ = At::kLastLf;
        return;
      }
      trailers_.emplace_back();
      at_ = At::kFieldName;
      [[fallthrough]];
    case At::kFieldName: {
      auto& name = trailers_.back().name;
      if (is_token_char(c)) {
        name += c;
      } else if (c == ':' && !name.empty()) {
        at_ = At::kFieldValue;
      } else {
        broken("a malformed trailer");
      }
      return;
    }
    case At::kFieldValue: {
      auto& value = trailers_.back().value;
      if (c == '\r') {
        at_ = At::kFieldLf;
        while (!value.empty() && is_blank(value.back())) value.pop_back();
      } else if (!is_text(c)) {
        broken("a malformed trailer");
      } else if (!value.empty() || !is_blank(c)) {
        value += c;
      }
      return;
    }
    case At::kFieldLf:
      return c == '\n' ? void(at_ = At::kField) : broken("a CR without LF");
    default:
      return c == '\n' ? void(at_ = At::kEnd) : broken("a CR without LF");
  }
}

}  // namespace brownout::codecs
