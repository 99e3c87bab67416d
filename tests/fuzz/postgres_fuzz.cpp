// Fuzzes PostgresTalk and PostgresCodec with any bytes. The result must not depend on how the
// stream is cut, and no more may be kept or sent than the bounds allow.
#include "rules/protocols/postgres/codec/postgres_talk.h"

#include <algorithm>
#include <cstdint>
#include <string>

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
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  test::passes(none, bytes, 1U + data[0]);
  test::passes(config, bytes, 1U + data[0]);
  // Typed messages come after the startup.
  const auto started = test::postgres_startup() + std::string(codecs::text_of(bytes));
  test::passes(config, codecs::bytes_of(started), 1U + data[0]);
  test::differential(config, codecs::bytes_of(started));
  talked(bytes, 1);
  const auto whole = talked(bytes, bytes.size() + 1);
  require(whole == talked(bytes, 2U + data[0]));
  return 0;
}
