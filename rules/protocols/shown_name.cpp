#include "rules/protocols/shown_name.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "rules/protocols/http1/codec/http1.h"
#include "rules/protocols/tls/codec/client_hello.h"

namespace brownout::codecs {
namespace {

// Only bytes that begin with one of these methods are treated as an HTTP request. Bytes of other
// protocols must be forwarded at once, since the client may wait for an answer to them.
constexpr std::array<std::string_view, 8> kMethods{"GET ",    "HEAD ",    "POST ",  "PUT ",
                                                   "DELETE ", "OPTIONS ", "PATCH ", "TRACE "};

bool may_be_request(std::string_view text) {
  return std::any_of(kMethods.begin(), kMethods.end(), [&](std::string_view method) {
    const auto size = std::min(method.size(), text.size());
    return text.substr(0, size) == method.substr(0, size);
  });
}

ShownName in_request(ByteView bytes) {
  if (!may_be_request(text_of(bytes))) return {};
  Http1Parser parser(Http1Parser::Side::kRequests);
  switch (parser.next(bytes).what) {
    case Http1Parser::What::kHead:
      return {false, rules::HttpExchange::of(parser.head()).host};
    case Http1Parser::What::kMore:
      return {true, {}};
    default:
      return {};
  }
}

}  // namespace

ShownName read_shown_name(ByteView bytes) {
  if (bytes.empty()) return {true, {}};
  const bool all = bytes.size() >= kMostShown;
  bytes = bytes.first(std::min(bytes.size(), kMostShown));
  auto reading = read_client_hello(bytes);
  ShownName shown;
  if (reading.state == HelloState::kNotTls) shown = in_request(bytes);
  if (reading.state == HelloState::kHello) shown.name = std::move(reading.hello.sni);
  if (reading.state == HelloState::kMore) shown.more = true;
  if (all) shown.more = false;
  return shown;
}

}  // namespace brownout::codecs
