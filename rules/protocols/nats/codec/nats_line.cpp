#include "rules/protocols/nats/codec/nats_line.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "rules/base/whole_number.h"
#include "rules/schema/schema.h"

namespace brownout::codecs {
namespace {

using rules::NatsLine;
using rules::NatsVerb;

constexpr std::size_t kMostPayload = 64 << 20;  // most that the server's setting max_payload allows
constexpr std::size_t kMostArguments = 5;

bool is_nats_blank(char c) { return c == ' ' || c == '\t'; }
std::size_t nats_word_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && !is_nats_blank(text[size])) ++size;
  return size;
}

// The words of a line, separated by blanks or tabs.
struct Arguments {
  std::array<std::string_view, kMostArguments> of{};
  std::size_t count = 0;
  bool too_many = false;
};

Arguments arguments_of(std::string_view text) {
  Arguments found;
  while (true) {
    std::size_t begin = 0;
    while (begin < text.size() && is_nats_blank(text[begin])) ++begin;
    if (begin == text.size()) return found;
    text.remove_prefix(begin);
    const auto word = text.substr(0, nats_word_size(text));
    text.remove_prefix(word.size());
    if (found.count == kMostArguments) {
      found.too_many = true;
      return found;
    }
    found.of.at(found.count++) = word;
  }
}

std::optional<NatsVerb> verb_of(std::string_view word) {
  if (word == "MSG") return NatsVerb::kMsg;
  if (word == "PUB") return NatsVerb::kPub;
  std::string lower(word);
  for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return rules::value_named<NatsVerb>(lower);
}

std::optional<std::size_t> size_of(std::string_view word) {
  return rules::parse_whole_number<std::size_t>(word, kMostPayload);
}

// Reads the arguments of a message with a payload. The formats are: PUB subject [reply] #payload;
// HPUB subject [reply] #headers #total; MSG and HMSG have the sid after the subject.
bool read_published(const Arguments& words, NatsLine& line, NatsSizes& read) {
  const bool delivered = line.verb == NatsVerb::kMsg || line.verb == NatsVerb::kHmsg;
  const bool headers = has_headers(line.verb);
  const std::size_t least = 2U + (delivered ? 1U : 0U) + (headers ? 1U : 0U);
  if (words.count < least || words.count > least + 1) return false;
  std::size_t next = 0;
  line.subject = words.of.at(next++);
  if (delivered) line.sid = words.of.at(next++);
  if (words.count > least) line.reply = words.of.at(next++);
  if (headers) {
    const auto size = size_of(words.of.at(next++));
    if (!size) return false;
    read.headers = *size;
  }
  const auto all = size_of(words.of.at(next));
  if (!all || *all < read.headers) return false;
  read.behind = *all;
  line.payload = *all - read.headers;
  return true;
}

bool read_arguments(std::string_view rest, NatsLine& line, NatsSizes& sizes) {
  const auto words = arguments_of(rest);
  switch (line.verb) {
    case NatsVerb::kInfo:
    case NatsVerb::kConnect:
    case NatsVerb::kErr: {
      const auto begin = std::min(rest.find_first_not_of(" \t"), rest.size());
      line.text = rest.substr(begin);
      if (line.verb != NatsVerb::kErr) return line.text.starts_with('{');
      if (line.text.size() >= 2 && line.text.starts_with('\'') && line.text.ends_with('\'')) {
        line.text = line.text.substr(1, line.text.size() - 2);
      }
      return true;
    }
    case NatsVerb::kSub:
      if (words.count < 2 || words.count > 3) return false;
      line.subject = words.of[0];
      if (words.count == 3) line.queue = words.of[1];
      line.sid = words.of.at(words.count - 1);
      return true;
    case NatsVerb::kUnsub:
      if (words.count < 1 || words.count > 2) return false;
      line.sid = words.of[0];
      if (words.count == 2) line.max = words.of[1];
      return true;
    case NatsVerb::kPub:
    case NatsVerb::kHpub:
    case NatsVerb::kMsg:
    case NatsVerb::kHmsg:
      return !words.too_many && read_published(words, line, sizes);
    default:
      return words.count == 0;
  }
}

std::string upper(std::string_view name) {
  std::string text(name);
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void append(std::string& text, std::string_view word) {
  if (word.empty()) return;
  text += ' ';
  text += word;
}

}  // namespace

std::optional<NatsSizes> read_nats_line(std::string_view line, NatsLine& into) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto end = nats_word_size(line);
  const auto verb = verb_of(line.substr(0, end));
  if (!verb) return std::nullopt;
  into.verb = *verb;
  for (auto* text :
       {&into.subject, &into.queue, &into.sid, &into.reply, &into.max, &into.text, &into.headers}) {
    text->clear();
  }
  into.payload = 0;
  into.acknowledges = false;
  NatsSizes sizes;
  if (!read_arguments(line.substr(end), into, sizes)) return std::nullopt;
  return sizes;
}

std::optional<ReadNatsLine> read_nats_line(std::string_view line) {
  ReadNatsLine read;
  const auto sizes = read_nats_line(line, read.line);
  if (!sizes) return std::nullopt;
  static_cast<NatsSizes&>(read) = *sizes;
  return read;
}

std::optional<std::size_t> quick_nats_size(std::string_view line) {
  // Recognizes only the forms that servers and clients write; other case or spacing needs the full
  // parser.
  std::size_t least = 0;
  if (line.starts_with("PUB ")) least = 2;
  if (line.starts_with("MSG ") || line.starts_with("HPUB ")) least = 3;
  if (line.starts_with("HMSG ")) least = 4;
  if (least == 0) return std::nullopt;
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::size_t words = 0;
  char before = ' ';
  for (const char c : line.substr(line.find(' '))) {
    if (c == '\t' || (c == ' ' && before == ' ' && words > 0)) return std::nullopt;
    if (c == ' ') ++words;
    before = c;
  }
  if (words < least || words > least + 1) return std::nullopt;
  const auto last = line.rfind(' ');
  const auto all = size_of(line.substr(last + 1));
  if (!all || !line.starts_with('H')) return all;
  const auto middle = line.rfind(' ', last - 1);
  const auto headers = size_of(line.substr(middle + 1, last - middle - 1));
  return headers && *headers <= *all ? all : std::nullopt;
}

std::string write_nats(const NatsLine& line, std::string_view payload) {
  auto text = upper(rules::name_of(line.verb));
  if (line.verb != NatsVerb::kUnsub) append(text, line.subject);
  if (line.verb == NatsVerb::kSub) append(text, line.queue);
  append(text, line.sid);
  append(text, line.reply);
  append(text, line.max);
  if (line.verb == NatsVerb::kErr) {
    append(text, "'" + line.text + "'");
  } else {
    append(text, line.text);
  }
  if (!has_payload(line.verb)) return text + "\r\n";
  if (has_headers(line.verb)) append(text, std::to_string(line.headers.size()));
  append(text, std::to_string(line.headers.size() + payload.size()));
  text += "\r\n";
  text += line.headers;
  text += payload;
  return text + "\r\n";
}

}  // namespace brownout::codecs
