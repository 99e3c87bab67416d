#include "rules/protocols/framed/framing.h"

#include <re2/re2.h>

#include <algorithm>

namespace brownout::rules {
namespace {

constexpr std::size_t kLooksAt = 64 * 1024;

std::vector<std::string> texts(const std::vector<TextPattern>& patterns) {
  std::vector<std::string> all;
  for (const auto& pattern : patterns) all.push_back(pattern.text());
  return all;
}

}  // namespace

Result<KindExpression> KindExpression::parse(std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);
  // Reject an empty expression, because it would find the same kind in every message.
  auto regex = std::make_shared<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex->ok() || text.empty()) {
    return config_error(in_quotes(text) + " is not a regular expression: " +
                            (text.empty() ? "it is empty" : regex->error()),
                        "RE2's syntax, e.g. '^([A-Z]+)' or '\"type\":\"([a-z]+)\"'");
  }
  KindExpression kind;
  kind.text_ = text;
  kind.regex_ = std::move(regex);
  return kind;
}

std::string KindExpression::find(std::string_view payload) const {
  const auto some = payload.substr(0, kLooksAt);
  std::array<re2::StringPiece, 2> found;
  const int groups = std::min(regex_->NumberOfCapturingGroups(), 1) + 1;
  if (!regex_->Match(re2::StringPiece(some.data(), some.size()), 0, some.size(), RE2::UNANCHORED,
                     found.data(), groups)) {
    return {};
  }
  const auto& kind = found[static_cast<std::size_t>(groups - 1)];
  return std::string(kind.data() != nullptr ? kind.data() : "", kind.size());
}

Result<KindExpression> ValueKind<KindExpression>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a regular expression");
  return KindExpression::parse(*text);
}

bool operator==(const Framing& a, const Framing& b) {
  const auto kind = [](const Framing& framing) {
    return framing.kind ? framing.kind->text() : std::string();
  };
  return a.delimiter == b.delimiter && a.offset == b.offset && a.width == b.width &&
         a.endianness == b.endianness && a.includes_header == b.includes_header &&
         kind(a) == kind(b) && texts(a.acks) == texts(b.acks);
}

const Schema<Framing>& framing_schema() {
  static const Schema<Framing> schema{{
      field("delimiter", &Framing::delimiter,
            "the bytes that end each message, e.g. \"\\n\"; left out, a length precedes each "
            "message, and `width` is required"),
      field("offset", &Framing::offset,
            "number of bytes before the length field, at the start of each message", {.least = 0}),
      field("width", &Framing::width, "number of bytes in the length field, from 1 to 8",
            {.least = 1}),
      field("endianness", &Framing::endianness, "byte order of the length"),
      field("includes_header", &Framing::includes_header,
            "whether the length also counts the header, which is offset + width bytes"),
      field("kind", &Framing::kind,
            "a regular expression that finds the kind of a message in its payload, for `kind` in "
            "match: the text of its first group, or without a group the whole match"),
      field("acks", &Framing::acks,
            "kinds of messages that acknowledge others, for the fault `ack_loss`; patterns as for "
            "`path` in match",
            {.absent = "none"}),
  }};
  return schema;
}

void check_framing(const Framing& framing, const Node& table, Diagnostics& problems) {
  const auto where = [&](std::string_view key) {
    const auto* node = table.find(key);
    return node != nullptr ? node->where : table.where;
  };
  if (framing.delimiter.empty() && framing.width == 0) {
    problems.add(table.where, "framing needs \"delimiter\" or \"width\"",
                 "give the bytes that end each message (delimiter), or the size of the length "
                 "field before it (width)");
  }
  if (framing.width > 8) {
    problems.add(where("width"), "width is more than 8 bytes",
                 "give the size of the length field: 1 to 8");
  }
  if (framing.offset > 4096) {
    problems.add(where("offset"), "offset is more than 4096 bytes",
                 "give the number of header bytes before the length field");
  }
  if (!framing.delimiter.empty()) {
    for (const std::string_view key : {"offset", "width", "endianness", "includes_header"}) {
      if (table.find(key) == nullptr) continue;
      problems.add(where(key), std::string(key) + " applies to a length, not to a delimiter",
                   "leave out delimiter or " + std::string(key));
    }
    if (framing.delimiter.size() > 64) {
      problems.add(where("delimiter"), "delimiter is longer than 64 bytes",
                   "give at most 64 bytes");
    }
  }
  if (!framing.acks.empty() && !framing.kind) {
    problems.add(where("acks"),
                 "acks needs \"kind\", the regular expression that finds the kind of a message",
                 "add kind to framing, e.g. kind = '^([A-Z]+)'");
  }
}

}  // namespace brownout::rules
