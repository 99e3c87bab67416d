#include "rules/protocols/redis/codec/redis_scan.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "rules/base/hex_digit.h"
#include "rules/protocols/redis/codec/redis_skim.h"

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostRedisHead = 64;  // longest line with a type byte and a number
// Longest string; the setting proto-max-bulk-len may be large.
constexpr std::int64_t kMostRedisString = 1LL << 40;
constexpr std::int64_t kMostRedisElements = INT32_MAX;
// Bytes of text stored for one value with its elements.
constexpr std::size_t kMostRedisTexts = 64 << 10;
constexpr std::size_t kMostRedisSpare = 64;  // number of parts whose memory is reused

std::optional<std::int64_t> redis_number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return number;
}

static_assert(kMostSkimmedText <= RedisScan::kMostText && kMostSkimmedWords < kMostRedisSpare);

constexpr std::string_view kRedisSigns = "+-:$*_#,(=!%~>|";

bool splits_redis_words(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

// Whether a value of this RESP type is a single line.
bool is_redis_scalar(char sign) {
  return std::string_view("+-:,#_(").find(sign) != std::string_view::npos;
}
bool is_long_redis_line(char sign) { return sign == '+' || sign == '-' || sign == '('; }

// Decodes an escape sequence inside double quotes. `at` is the index of the byte after the
// backslash, and then of the last byte of the sequence.
char redis_unescaped(std::string_view line, std::size_t& at) {
  if (line[at] == 'x' && at + 2 < line.size()) {
    const auto high = rules::hex_digit(line[at + 1]);
    const auto low = rules::hex_digit(line[at + 2]);
    if (high && low) {
      at += 2;
      return static_cast<char>(*high * 16 + *low);
    }
  }
  switch (line[at]) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return line[at];
  }
}

// Reads a quoted word and moves `at` past its closing quote. Returns false if there is no closing
// quote, or if the word continues after it.
bool take_redis_quoted(std::string_view line, std::size_t& at, char quote, std::string& word) {
  for (; at < line.size(); ++at) {
    if (line[at] == quote) return ++at == line.size() || splits_redis_words(line[at]);
    const bool escaped =
        line[at] == '\\' && at + 1 < line.size() && (quote == '"' || line[at + 1] == '\'');
    if (escaped) ++at;
    word += escaped && quote == '"' ? redis_unescaped(line, at) : line[at];
  }
  return false;
}

}  // namespace

bool split_redis_words(std::string_view line, std::vector<std::string>& words) {
  std::size_t at = 0;
  while (true) {
    while (at < line.size() && splits_redis_words(line[at])) ++at;
    if (at == line.size()) return true;
    auto& word = words.emplace_back();
    while (at < line.size() && !splits_redis_words(line[at])) {
      const char c = line[at++];
      if (c != '"' && c != '\'') {
        word += c;
      } else if (!take_redis_quoted(line, at, c, word)) {
        return false;
      }
    }
  }
}

RedisScan::Step RedisScan::next(ByteView bytes) {
  Step step;
  if (ended_) begin();
  if (at_ == 0 && line_size_ == 0 && of_ == Of::kClient) step.taken = read_whole_command(bytes);
  while (step.taken < bytes.size() && !ended_) {
    const auto rest = bytes.subspan(step.taken);
    std::size_t taken = 0;
    if (left_ > 0) {
      take_body(rest, taken, step.broken);
    } else {
      step.broken = take_line(rest, taken);
    }
    if (!step.broken.empty()) return step;
    step.taken += taken;
  }
  step.ended = ended_;
  return step;
}

void RedisScan::begin() {
  frames_.clear();
  if (parts_.size() > kMostRedisSpare) parts_ = std::vector<RedisPart>();
  count_ = 0;
  at_ = 0;
  texts_ = 0;
  ended_ = false;
}

// Reads a command of a few bulk strings, all of which is in `bytes`, several times faster than the
// other functions do. Returns its size; 0 if `bytes` begins otherwise, which changes nothing.
std::size_t RedisScan::read_whole_command(ByteView bytes) {
  const auto text = text_of(bytes);
  new_part('*');
  const auto size = skim_redis_words(text, [&](std::size_t head, std::string_view word) {
    auto& part = new_part('$');
    part.head = head;
    part.body = static_cast<std::size_t>(word.data() - text.data());
    part.size = word.size();
    part.text = word;
  });
  if (size == 0) {
    count_ = 0;
    return 0;
  }
  parts_.front().size = count_ - 1;
  parts_.front().body = parts_[1].head;
  at_ = size;
  ended_ = true;
  return size;
}

// Takes bytes up to the end of a line. Returns why they violate RESP, or "".
std::string_view RedisScan::take_line(ByteView bytes, std::size_t& taken) {
  const auto text = text_of(bytes);
  const auto end = text.find('\n');
  const bool ends = end != std::string_view::npos;
  taken = ends ? end + 1 : text.size();
  const auto part = text.substr(0, ends ? end : text.size());
  const char sign = line_size_ > 0 ? line_.front() : text.front();
  const bool inlined = of_ == Of::kClient && frames_.empty() && sign != '*';
  if (line_size_ == 0) {
    const auto why = begin_line(sign, inlined);
    if (!why.empty()) return why;
  }
  if (ends && line_size_ == 0 && part.size() <= kMostRedisHead && part.ends_with('\r')) {
    at_ += taken;
    return read_line(part.substr(0, part.size() - 1));
  }
  at_ += taken;
  if (const auto why = keep_line(part, sign, inlined); !why.empty() || !ends) return why;
  if (!inlined && last_ != '\r') return "a line that does not end with CRLF";
  const auto length = last_ == '\r' && line_size_ > 0 ? line_size_ - 1 : line_size_;
  const auto why = read_line(std::string_view(line_).substr(0, length));
  line_.clear();
  line_size_ = 0;
  last_ = 0;
  return why;
}

// Buffers a part of a line. Returns why the line is too long, or "".
std::string_view RedisScan::keep_line(std::string_view part, char sign, bool inlined) {
  const auto size = line_size_ + part.size();
  if (inlined && size > kMostInline) return "an inline command of more than 64 KiB";
  if (!inlined && !is_long_redis_line(sign) && size > kMostRedisHead)
    return "a number that is too long";
  const auto most = inlined ? kMostInline : kMostText;
  line_ += part.substr(0, most - std::min(most, line_.size()));
  line_size_ = size;
  if (!part.empty()) last_ = part.back();
  return {};
}

// Checks the first byte of a line, so that invalid bytes are reported before the line ends. Returns
// why the byte is invalid, or "".
std::string_view RedisScan::begin_line(char sign, bool inlined) {
  line_at_ = at_;
  if (inlined) {
    const auto byte = static_cast<unsigned char>(sign);
    const bool may_be = splits_redis_words(sign) || (byte >= ' ' && byte <= '~');
    return may_be ? "" : "neither a RESP command nor an inline command";
  }
  if (of_ == Of::kClient) {
    return frames_.empty() || sign == '$' ? "" : "an argument that is not a bulk string";
  }
  return kRedisSigns.find(sign) != std::string_view::npos ? "" : "an unknown RESP type";
}

std::string_view RedisScan::read_line(std::string_view line) {
  if (of_ == Of::kClient && frames_.empty()) {
    return line.starts_with('*') ? read_aggregate('*', line.substr(1)) : read_inline(line);
  }
  const char sign = line.front();
  const auto text = line.substr(1);
  if (sign == '$' || sign == '=' || sign == '!') return read_string(sign, text);
  if (!is_redis_scalar(sign)) return read_aggregate(sign, text);
  if (sign == ':' && !redis_number_of(text.starts_with('+') ? text.substr(1) : text)) {
    return "an invalid integer";
  }
  if (sign == '#' && text != "t" && text != "f") return "an invalid boolean";
  if (sign == '_' && !text.empty()) return "an invalid null";
  if (auto* part = add_part(sign)) {
    set_text(*part, text);
    part->body = line_at_ + 1;
    part->size = at_ - line_at_ - 3;  // size without the type byte and CRLF
    part->null = sign == '_';
  }
  end_element();
  return {};
}

std::string_view RedisScan::read_inline(std::string_view line) {
  std::vector<std::string> words;
  if (!split_redis_words(line, words)) return "an inline command with an unterminated quote";
  const auto odd = [](const std::string& word) {
    return std::any_of(word.begin(), word.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > '~';
    });
  };
  if (!words.empty() && odd(words.front())) return "neither a RESP command nor an inline command";
  new_part('i').size = words.size();
  for (const auto& word : words) {
    auto& part = new_part('i');
    part.text = word;
    part.size = word.size();
  }
  ended_ = true;
  return {};
}

std::string_view RedisScan::read_string(char sign, std::string_view number) {
  const auto size = redis_number_of(number);
  const bool null = size == -1 && sign == '$' && of_ == Of::kServer;
  if (!null && (!size || *size < 0 || *size > kMostRedisString)) return "an invalid string length";
  open_ = add_part(sign);
  if (open_ != nullptr) {
    open_->body = at_;
    open_->size = null ? 0 : static_cast<std::size_t>(*size);
    open_->null = null;
  }
  if (null) {
    end_element();
  } else {
    left_ = static_cast<std::size_t>(*size) + 2;
  }
  return {};
}

std::string_view RedisScan::read_aggregate(char sign, std::string_view number) {
  const auto count = redis_number_of(number);
  const bool client = of_ == Of::kClient;
  const bool null = count && *count < 0 && (client || (*count == -1 && sign == '*'));
  if (!count || (*count < 0 && !null) || *count > kMostRedisElements)
    return "an invalid number of elements";
  const bool pairs = sign == '%' || sign == '|';
  const auto elements = null ? 0 : static_cast<std::uint64_t>(*count) * (pairs ? 2 : 1);
  if (sign == '|') {
    if (elements == 0) return {};
  } else if (auto* part = add_part(sign)) {
    part->body = at_;
    part->size = static_cast<std::size_t>(elements);
    part->null = null;
  }
  if (elements == 0) {
    end_element();
    return {};
  }
  if (frames_.size() == kMostDepth) return "values that are nested deeper than 128";
  frames_.push_back({elements, sign == '|'});
  return {};
}

// Takes bytes of a string, up to the CRLF that ends it. Sets `why` if they violate RESP.
void RedisScan::take_body(ByteView bytes, std::size_t& taken, std::string_view& why) {
  taken = std::min(left_, bytes.size());
  for (std::size_t i = left_ > 2 ? left_ - 2 : 0; i < taken; ++i) {
    const auto expected = left_ - i == 2 ? std::byte{'\r'} : std::byte{'\n'};
    if (bytes[i] != expected) {
      why = "a string longer than its stated length";
      return;
    }
  }
  if (open_ != nullptr) {
    const auto kept = open_->text.size();
    const auto most = std::min(
        {open_->size, kMostText, kept + kMostRedisTexts - std::min(kMostRedisTexts, texts_)});
    const auto part = text_of(bytes.first(taken)).substr(0, most - std::min(most, kept));
    open_->text += part;
    texts_ += part.size();
  }
  left_ -= taken;
  at_ += taken;
  if (left_ > 0) return;
  open_ = nullptr;
  end_element();
}

void RedisScan::end_element() {
  while (!frames_.empty()) {
    auto& frame = frames_.back();
    if (--frame.left > 0) return;
    const bool attribute = frame.attribute;
    frames_.pop_back();
    // An attribute does not count as an element: the value that it describes follows.
    if (attribute) return;
  }
  ended_ = true;
}

// Adds a part to the value. Returns null if the part is not stored: it is nested too deeply, inside
// an attribute, or one part too many.
RedisPart* RedisScan::add_part(char sign) {
  const bool attribute = !frames_.empty() && frames_.front().attribute;
  if (attribute || frames_.size() > 1 || count_ == kMostParts) return nullptr;
  auto& part = new_part(sign);
  part.head = line_at_;
  return &part;
}

RedisPart& RedisScan::new_part(char sign) {
  if (count_ == parts_.size()) parts_.emplace_back();
  auto& part = parts_[count_++];
  part.sign = sign;
  part.text.clear();
  part.head = part.body = part.size = 0;
  part.null = false;
  return part;
}

void RedisScan::set_text(RedisPart& part, std::string_view text) {
  part.text = text.substr(0, kMostRedisTexts - std::min(kMostRedisTexts, texts_));
  texts_ += part.text.size();
}

}  // namespace brownout::codecs
