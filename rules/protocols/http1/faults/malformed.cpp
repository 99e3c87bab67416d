// malformed: makes the response invalid HTTP, as a buggy server or middlebox does. A correct client
// detects the error and does not use the response.
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
      std::pair<std::string_view, Malformed>{"head_without_end", Malformed::kHeadWithoutEnd}};
};

namespace {

struct MalformedSettings {
  What what = What::kStatusLine;
};

class MalformedFault final : public HttpOnlyFault {
 public:
  using Settings = MalformedSettings;
  explicit MalformedFault(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field(
            "what", &Settings::what,
            "status_line: the status line is invalid; chunk_length: the length of the first chunk "
            "is not a number (the body is sent in chunks); content_length: Content-Length is 10 "
            "more than the body, or contradicts chunks; head_without_end: the head has no end. The "
            "connection closes afterwards",
            {.required = true}),
    }};
    return schema;
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.malformed = settings_.what;
    return Note{.action = "malform"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kMalformed =
    describe<MalformedFault>({.name = "malformed",
                              .level = Level::kMessage,
                              .carriers = kHttpRequests,
                              .of_http = Half::kResponse,
                              .summary = "The response is not valid HTTP.",
                              .unit = "request",
                              .composition = "the last rule wins",
                              .source = "RFC 9112"});

}  // namespace brownout::rules
