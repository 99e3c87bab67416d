// Fuzzes WebSocket messages with permessage-deflate. A rule that never matches must lose nothing,
// and the output must not depend on how the stream is cut.
#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/fuzz/require.h"
#include "tests/support/websocket_lab.h"

using namespace brownout;

namespace {

const std::string kRules[] = {
    "[[rule]]\nmatch = { text = \"nobody says this\" }\nfault = { type = \"drop\" }",
    "[[rule]]\nmatch = { every = 2 }\nfault = { type = \"drop\" }",
    "[[rule]]\nmatch = { text = \"a*\" }\nfault = { type = \"replace\", text = \"b\" }",
    "[[rule]]\nfault = { type = \"duplicate\", share = \"100%\" }"};

std::string passed(const std::string& rules, const std::string& bytes, bool takeover,
                   std::size_t piece) {
  test::WebSocketLab lab(
      rules, 1, "",
      takeover ? "permessage-deflate" : "permessage-deflate; client_no_context_takeover");
  lab.http.piece = piece;
  lab.http.client(bytes);
  lab.http.client_ends();
  return lab.server_bytes();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto choice = data[0] % std::size(kRules);
  const bool takeover = (data[0] & 4) != 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto whole = passed(kRules[choice], bytes, takeover, SIZE_MAX);
  if (choice == 0) require(whole.size() == bytes.size());
  require(whole == passed(kRules[choice], bytes, takeover, data[0] / 8 + 1U));
  return 0;
}
