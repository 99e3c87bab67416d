// malformed: breaks the syntax of a response, as a buggy server or middlebox does.
#include <array>

#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"

namespace brownout::rules {
namespace {

using What = Malformed;

}  // namespace

template <>
struct EnumNames<Malformed> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Malformed>{"status_line", Malformed::kStatusLine},
      std::pair<std::string_view, Malformed>{"chunk_length", Malformed::kChunkLength},
      std::pair<std::string_view, Malformed>{"content_length", Malformed::kContentLength},
      std::pair<std::string_view, Malformed>{"head_without_end", Malformed::kHeadWithoutEnd},
      std::pair<std::string_view, Malformed>{"random", Malformed::kRandom}};
};

namespace {

constexpr std::size_t kRandomBytes = 256;

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
              "a number. content_length: Content-Length is 10 more than the length of the body, or "
              "stands beside chunked coding. head_without_end: the empty line after the headers is "
              "missing. random: the response is 256 random bytes. After each of them the "
              "connection closes",
              {.required = true}),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.malformed = settings_.what;
    if (settings_.what == What::kRandom) message.body = random_bytes(context.dice.split("random"));
    return Note{.action = "malform"};
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
                "headers is wrong, or it consists of random bytes. Then the connection closes.",
     .correct_client =
         "reports an invalid or incomplete response, does not use it, and closes the connection",
     .unit = "response",
     .composition = "the last rule decides which error the response has",
     .source = "RFC 9112, 4 (status line), 6.3 (length), 7.1 (chunked coding) and 8 (incomplete "
               "messages)"});

}  // namespace brownout::rules
