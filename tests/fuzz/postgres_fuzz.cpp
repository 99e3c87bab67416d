// Fuzzes PostgresTalk and PostgresCodec with any bytes. The result must not depend on how the
// stream is cut, and no more may be kept or sent than the bounds allow. For PostgresCodec, each
// byte 0xff switches between bytes of the client and of the server.
#include "rules/protocols/postgres/codec/postgres_talk.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/fuzz/both_ways.h"
#include "tests/fuzz/message_fuzz.h"
#include "tests/fuzz/require.h"
#include "tests/support/postgres_words.h"

using namespace brownout;

namespace {

// Returns everything that PostgresTalk sends for these bytes of the server, and its error.
std::string talked(codecs::ByteView bytes, std::size_t piece) {
  codecs::PostgresTalk talk({"ann", "shop", "secret", "rOprNGfwEbeRWgbNEkqO"});
  std::string all = talk.begin();
  int queries = 0;
  while (!bytes.empty() && talk.why().empty()) {
    // Asks a query as soon as a message has completed a login or an answer.
    const auto part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    all += talk.take(part);
    if (piece == 1 && talk.ready() && queries++ < 100) all += talk.ask("select 1");
    require(talk.value().value_or("").size() <= codecs::PostgresTalk::kMostMessage);
  }
  return all + talk.why();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const auto config = test::config_of(
      "[[rule]]\nmatch = { statement = \"none such\" }\nfault = { type = \"drop\" }", "postgres");
  static const auto none = test::config_of("", "postgres");
  static const auto acting = test::config_of(
      "[[rule]]\nmatch = { statement = \"~u\" }\nfault = { type = \"reject\", sqlstate = \"40P01\" "
      "}\n"
      "[[rule]]\nmatch = { text = \"COMMIT\" }\nfault = { type = \"ack_loss\" }\n"
      "[[rule]]\nmatch = { message = \"parse\" }\nfault = { type = \"replace\", text = \"other\" }",
      "postgres");
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto piece = 1U + data[0];
  test::passes(none, bytes, piece);
  test::passes(config, bytes, piece);
  // Typed messages come after the startup.
  const auto started = test::postgres_startup() + std::string(codecs::text_of(bytes));
  test::passes(config, codecs::bytes_of(started), piece);
  test::differential(config, codecs::bytes_of(started));
  for (const auto& text : {std::string(codecs::text_of(bytes)), started}) {
    test::both_ways(none, text, "\xff", piece, true);
    test::both_ways(config, text, "\xff", piece, true);
    test::both_ways(acting, text, "\xff", piece, false);
  }
  talked(bytes, 1);
  const auto whole = talked(bytes, bytes.size() + 1);
  require(whole == talked(bytes, 2U + data[0]));
  return 0;
}
