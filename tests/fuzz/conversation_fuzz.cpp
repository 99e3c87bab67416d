// Fuzzes HTTP connections with any bytes from both ends, with and without rules that act on every
// message. The forwarded requests are parsed again and must be valid, so that no server sees a
// request that the proxy did not see.
#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/fuzz/require.h"
#include "tests/support/http_lab.h"

using namespace brownout;
using codecs::Http1Parser;

namespace {

const std::string kRules[] = {
    "",
    R"([[rule]]
fault = { type = "rewrite_header", set = { x-added = "1" } }
[[rule]]
fault = { type = "corrupt_body", chance = "0%" })",
    R"([[rule]]
match = { method = "POST" }
fault = { type = "delay", delay = "1s" }
[[rule]]
match = { direction = "downstream", status = "2xx" }
fault = { type = "replace_body", body = "other" }
[[rule]]
fault = { type = "response_rate", rate = "1 KB/s" })",
    R"([[rule]]
match = { path = "/a*" }
fault = { type = "abort" }
[[rule]]
fault = { type = "malformed", what = "chunk_length" }
[[rule]]
match = { direction = "upstream" }
fault = { type = "replace_body", body = "new" })",
    R"([[rule]]
fault = { type = "rewrite_request", method = "PUT", path = "/b", set_parameters = { a = "1" } }
[[rule]]
fault = { type = "replace_status", status = { 200 = 1, 503 = 1 } }
[[rule]]
match = { path = "/a*" }
fault = { type = "malformed", what = "random" })",
    R"([[rule]]
match = { path = "/a*" }
fault = { type = "hold_until", passes = { path = "/b*", status = 200 }, most = "5s" }
[[rule]]
match = { direction = "downstream" }
fault = { type = "hold_until", passes = { method = "POST" }, most = "3s" }
[[rule]]
fault = { type = "reorder", share = "50%", window = 2, delay = "1s" })",
    R"([[rule]]
match = { direction = "upstream" }
fault = { type = "edit_body", regex = "a", with = "bb", most = "40 B" }
[[rule]]
fault = { type = "edit_body", regex = "^", with = "x", most = "100 B" }
[[rule]]
fault = { type = "dribble", chunks = 3, over = "3s" }
[[rule]]
fault = { type = "rate_limit", limit = 3, window = "5s", retry_after = "punish" }
[[rule]]
fault = { type = "token_quota", tokens = 50, window = "5s", bytes_per_token = "4 B" })",
};

// Returns the number of heads in the stream. Aborts if the stream is not HTTP.
std::size_t heads_in(const std::string& stream) {
  Http1Parser parser(Http1Parser::Side::kRequests);
  auto bytes = std::as_bytes(std::span(stream));
  std::size_t heads = 0;
  while (true) {
    const auto step = parser.next(bytes);
    bytes = bytes.subspan(step.taken);
    if (step.what == Http1Parser::What::kHead) ++heads;
    require(step.what != Http1Parser::What::kBroken);
    if (step.what == Http1Parser::What::kMore || step.what == Http1Parser::What::kBody)
      return heads;
  }
}

}  // namespace

// The first byte of the input chooses the rules. Pieces follow: one byte with the sending end (1
// bit) and the length, then the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  test::HttpLab lab(kRules[data[0] % std::size(kRules)]);
  if ((data[0] & 64) != 0) lab.reply.reset();
  std::size_t at = 1;
  while (at < size && !lab.closed() && !lab.reset()) {
    const auto kind = data[at++];
    const auto length = std::min<std::size_t>(kind >> 1, size - at);
    const std::string bytes(reinterpret_cast<const char*>(data + at), length);
    at += length;
    if ((kind & 1) != 0) {
      lab.client(bytes);
    } else {
      lab.server(bytes);
    }
    if (length == 0) lab.advance(std::chrono::seconds(2));
  }
  // A retry repeats a head on a new connection, so the output is parsed only if there was one
  // connection.
  if (!lab.conversation().tunnel() && lab.dials() == 1) heads_in(lab.to_server_bytes());
  lab.client_ends();
  lab.server_ends();
  lab.advance(std::chrono::seconds(60));
  return 0;
}
