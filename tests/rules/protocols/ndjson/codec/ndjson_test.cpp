// Tests newline-delimited JSON (protocol = "ndjson") in a MessageTunnel, with input cut into pieces
// of several sizes.
#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(NdjsonCodec, PassesUnmatchedLinesUnchanged) {
  const std::string elsewhere =
      "[[rule]]\nmatch = { text = \"none such\" }\nfault = { type = \"drop\" }";
  for (const std::string stream :
       {"{\"a\":1}\n[2]\n", "1\r\n\r\n \n2", "\n\n", "x", "1\n2\r", ""}) {
    for (const auto& rules : {std::string(), elsewhere}) {
      for (const std::size_t piece : {1U, 2U, 3U, 1000U}) {
        MessageLab lab("ndjson", rules, "", piece);
        lab.from_server(stream);
        lab.server_finishes();
        EXPECT_EQ(lab.at_client(), stream) << "in pieces of " << piece;
        EXPECT_EQ(lab.reports, "");
      }
    }
  }
}

TEST(NdjsonCodec, MatchesMembersOfTheObject) {
  MessageLab lab("ndjson", R"([[rule]]
match = { json = { "/type" = "price*", "/done" = true, "/of/0" = 7 } }
fault = { type = "drop" })");
  const std::string kept = R"({"type":"price","done":true,"of":[8]}
{"type":"price","done":false,"of":[7]}
{"type":"other","done":true,"of":[7]}
{"type":"price"
"price"

)";
  lab.from_server(R"({"of": [7.0, 1], "type": "price", "done": true}
{"type":"pr\u0069ce list", "of":[7], "done":true}
)" + kept);
  EXPECT_EQ(lab.at_client(), "{\"of\": [7.0, 1], \"type\": \"price\", \"done\": true}\n" + kept);
}

TEST(NdjsonCodec, MatchesTheSizeOfTheLineAndItsText) {
  MessageLab lab("ndjson", R"([[rule]]
match = { min_size = "5 B" }
fault = { type = "drop" }
[[rule]]
match = { text = "~^\\[" }
fault = { type = "replace", text = "{\"a\":\n1}" })");
  lab.from_client("12345\r\n1234\r\n[1]\r\n");
  EXPECT_EQ(lab.at_server(), "1234\r\n{\"a\": 1}\n");
}

// The last line may lack its LF. What follows it begins a line of its own.
TEST(NdjsonCodec, TakesTheLastLineWithoutLineEnd) {
  MessageLab lab(
      "ndjson",
      "[[rule]]\nmatch = { text = \"2\" }\nfault = { type = \"duplicate\", share = \"100%\" }");
  lab.from_server("1\n2");
  EXPECT_EQ(lab.at_client(), "1\n");
  lab.server_finishes();
  EXPECT_EQ(lab.at_client(), "2\n2");
}

TEST(NdjsonCodec, PassesALineThatIsTooLong) {
  MessageLab lab("ndjson", "[[rule]]\nmatch = { text = \"x\" }\nfault = { type = \"drop\" }");
  const std::string part(1 << 20, 'a');
  for (int i = 0; i < 17; ++i) lab.from_server(part);
  EXPECT_EQ(lab.reports, "not lines of JSON: a line of more than 16 MiB\n");
  EXPECT_EQ(lab.at_client().size(), 17U << 20);
}

}  // namespace
}  // namespace brownout::test
