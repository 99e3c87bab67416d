// malformed: breaks the syntax of a response, as a buggy server or middlebox does.
#include <array>

#include "rules/engine/fault.h"
#include "rules/engine/whole_body.h"
#include "rules/schema/json_text.h"

namespace brownout::rules {
namespace {

enum class What {
  kStatusLine,
  kChunkLength,
  kContentLength,
  kHeadWithoutEnd,
  kRandom,
  kJson,
  kJsonFragment,
};

}  // namespace

template <>
struct EnumNames<What> {
  static constexpr std::array kValues{
      std::pair<std::string_view, What>{"status_line", What::kStatusLine},
      std::pair<std::string_view, What>{"chunk_length", What::kChunkLength},
      std::pair<std::string_view, What>{"content_length", What::kContentLength},
      std::pair<std::string_view, What>{"head_without_end", What::kHeadWithoutEnd},
      std::pair<std::string_view, What>{"random", What::kRandom},
      std::pair<std::string_view, What>{"json", What::kJson},
      std::pair<std::string_view, What>{"json_fragment", What::kJsonFragment}};
};

namespace {

constexpr std::size_t kRandomBytes = 256;
// An unfinished JSON object, as MockServer appends it for malformedBody.
constexpr std::string_view kFragment = "{\"broken\":";

bool is_of_json(What what) { return what == What::kJson || what == What::kJsonFragment; }

// Returns the HTTP syntax error for a setting; kNone for errors in the body.
Malformed http_error(What what) {
  switch (what) {
    case What::kStatusLine:
      return Malformed::kStatusLine;
    case What::kChunkLength:
      return Malformed::kChunkLength;
    case What::kContentLength:
      return Malformed::kContentLength;
    case What::kHeadWithoutEnd:
      return Malformed::kHeadWithoutEnd;
    case What::kRandom:
      return Malformed::kRandom;
    default:
      return Malformed::kNone;
  }
}

// Returns a text of the same length that is not valid JSON.
Result<std::string> broken_json(const std::string& text) {
  if (!is_json(text))
    return config_error("the body is not JSON; choose another `what` to break other bodies");
  auto broken = text;
  // Replaces the last character that is not blank. The value then lacks its end.
  const auto last = broken.find_last_not_of(" \t\r\n");
  broken[last] = broken[last] == '}' ? ']' : '}';
  return broken;
}

std::string random_bytes(const Dice& dice) {
  std::string bytes;
  for (std::size_t i = 0; i < kRandomBytes; ++i) bytes += static_cast<char>(dice.bits(i) & 0xff);
  return bytes;
}

struct MalformedSettings {
  What what = What::kStatusLine;
};

class MalformedFault final : public HttpOnlyFault {
 public:
  using Settings = MalformedSettings;
  explicit MalformedFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("what", &Settings::what,
              "the error in the response. status_line: status and reason are exchanged. "
              "chunk_length: the body is sent in chunks, and the length of the first chunk is not "
              "a number. content_length: Content-Length is larger than the body by 10; a response "
              "with chunked coding gets a Content-Length in addition. head_without_end: the empty "
              "line after the headers is missing. random: the response is 256 random bytes. After "
              "each of these errors the connection closes. json: the body has the right length, "
              "but its last character is wrong. json_fragment: the beginning of another JSON "
              "object follows the body",
              {.required = true}),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    if (is_of_json(settings_.what)) {
      want_body(context, message, kMostBody);
      return std::nullopt;
    }
    message.malformed = http_error(settings_.what);
    if (settings_.what == What::kRandom) message.body = random_bytes(context.dice.split("random"));
    return Note{.action = "malform"};
  }

  Result<std::optional<Note>> on_body(const HttpContext&, HttpMessage& message) const override {
    return edit_body(message, kMostBody, "malform", [&](const std::string& text) {
      if (settings_.what == What::kJson) return broken_json(text);
      return Result<std::string>(text + std::string(kFragment));
    });
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kMalformed = describe<MalformedFault>(
    {.name = "malformed",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kResponse,
     .summary = "The response is not valid HTTP: its status line, its length, or the end of its "
                "headers is wrong, or it consists of random bytes. Then the connection closes. "
                "With json and json_fragment the response is valid HTTP, and its body is not "
                "valid JSON; a body of more than 1 MiB passes unchanged, with an event.",
     .correct_client =
         "reports an invalid or incomplete response, does not use it, and closes the connection",
     .unit = "response",
     .composition = "the last rule decides which error the response has",
     .source = "RFC 9112, 4 (status line), 6.3 (length), 7.1 (chunked coding) and 8 (incomplete "
               "messages)"});

}  // namespace brownout::rules
