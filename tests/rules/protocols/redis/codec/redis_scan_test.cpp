// Tests the RESP parser with values split into pieces of several sizes.
#include "rules/protocols/redis/codec/redis_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

using codecs::RedisScan;
using testing::ElementsAre;

// The parsed parts of each value, each as "sign text/size", followed by the reason if the input is
// invalid.
std::string scan_all(RedisScan::Of of, std::string_view text, std::size_t piece) {
  RedisScan scan(of);
  std::string all;
  while (!text.empty()) {
    const auto part = text.substr(0, piece);
    text.remove_prefix(part.size());
    for (auto bytes = codecs::bytes_of(part); !bytes.empty();) {
      const auto step = scan.next(bytes);
      if (!step.broken.empty()) return all + std::string(step.broken);
      EXPECT_GT(step.taken, 0U);
      bytes = bytes.subspan(step.taken);
      if (!step.ended) continue;
      for (const auto& read : scan.parts()) {
        all += std::string(1, read.sign) + read.text + "/" +
               (read.null ? "null" : std::to_string(read.size)) + " ";
      }
      all += "\n";
    }
  }
  return all;
}

std::string scan_any(RedisScan::Of of, const std::string& text) {
  const auto whole = scan_all(of, text, 1 << 20);
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    EXPECT_EQ(scan_all(of, text, piece), whole) << piece;
  }
  return whole;
}
std::string scan_server(const std::string& text) { return scan_any(RedisScan::Of::kServer, text); }
std::string scan_client(const std::string& text) { return scan_any(RedisScan::Of::kClient, text); }

TEST(RedisScan, ReadsEveryTypeOfResp2AndResp3) {
  EXPECT_EQ(scan_server("+OK\r\n-ERR no\r\n:-12\r\n:+3\r\n$5\r\nhe\r\no\r\n$0\r\n\r\n$-1\r\n"),
            "+OK/2 \n-ERR no/6 \n:-12/3 \n:+3/2 \n$he\r\no/5 \n$/0 \n$/null \n");
  EXPECT_EQ(scan_server("*2\r\n:1\r\n*1\r\n+x\r\n*0\r\n*-1\r\n"), "*/2 :1/1 */1 \n*/0 \n*/null \n");
  EXPECT_EQ(scan_server("_\r\n,3.14\r\n,inf\r\n#t\r\n(34928903284092385094\r\n=8\r\ntxt:some\r\n"
                        "!8\r\nERR a\r\nb\r\n"),
            "_/null \n,3.14/4 \n,inf/3 \n#t/1 \n(34928903284092385094/20 \n=txt:some/8 \n"
            "!ERR a\r\nb/8 \n");
  EXPECT_EQ(scan_server("%1\r\n+a\r\n:1\r\n~2\r\n:1\r\n:2\r\n>2\r\n+message\r\n+x\r\n"),
            "%/2 +a/1 :1/1 \n~/2 :1/1 :2/1 \n>/2 +message/7 +x/1 \n");
}

TEST(RedisScan, SkipsAttributesBeforeTheirValue) {
  EXPECT_EQ(scan_server("|1\r\n+ttl\r\n*1\r\n:3\r\n+OK\r\n+NEXT\r\n"), "+OK/2 \n+NEXT/4 \n");
  EXPECT_EQ(scan_server("*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n|0\r\n:3\r\n"),
            "*/2 :1/1 :2/1 \n:3/1 \n");
}

TEST(RedisScan, RejectsInvalidReplies) {
  for (const auto* broken :
       {"hello\r\n", "\r\n", "+OK\n", ":x\r\n", ":\r\n", "$x\r\n", "$-2\r\n", "$3\r\nabcd\r\n",
        "*-2\r\n", "*?\r\n", "$?\r\n", "%-1\r\n", "#x\r\n", "_x\r\n", "HTTP/1.1 200 OK\r\n",
        "*99999999999\r\n", "$99999999999999\r\n", ".\r\n", "\x15\x03\x03"}) {
    const auto said = scan_all(RedisScan::Of::kServer, broken, 1 << 20);
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("\n"))) << broken;
    EXPECT_NE(said, "") << broken;
  }
}

TEST(RedisScan, BoundsNestingAndNumbers) {
  std::string deep;
  for (std::size_t i = 0; i < RedisScan::kMostDepth; ++i) deep += "*1\r\n";
  EXPECT_EQ(scan_server(deep + ":1\r\n"), "*/1 */1 \n");
  EXPECT_EQ(scan_server(deep + "*1\r\n:1\r\n"), "values that are nested deeper than 128");
  EXPECT_EQ(scan_server(":" + std::string(100, '1') + "\r\n"), "a number that is too long");
  const std::string much(100'000, 'x');
  EXPECT_EQ(scan_server("+" + much + "\r\n"),
            "+" + std::string(RedisScan::kMostText - 1, 'x') + "/100000 \n");
}

TEST(RedisScan, KeepsOnlyTheFirstParts) {
  RedisScan scan(RedisScan::Of::kServer);
  std::string many = "*1000000\r\n";
  for (int i = 0; i < 1'000'000; ++i) many += ":1\r\n";
  EXPECT_TRUE(scan.next(codecs::bytes_of(many)).ended);
  EXPECT_EQ(scan.parts().size(), RedisScan::kMostParts);
  std::string large = "*1000\r\n";
  for (int i = 0; i < 1000; ++i) large += redis_bulk(std::string(2000, 'x'));
  EXPECT_TRUE(scan.next(codecs::bytes_of(large)).ended);
  std::size_t kept = 0;
  for (const auto& part : scan.parts()) kept += part.text.size();
  EXPECT_LE(kept, std::size_t{64} << 10);
}

TEST(RedisScan, ReadsArrayAndInlineCommands) {
  EXPECT_EQ(scan_client(redis_array_of("SET a 1") + redis_array_of("PING")),
            "*/3 $SET/3 $a/1 $1/1 \n*/1 $PING/4 \n");
  EXPECT_EQ(scan_client("*0\r\n*-1\r\n\r\nPING\r\n"), "*/0 \n*/null \ni/0 \ni/1 iPING/4 \n");
  EXPECT_EQ(scan_client("SET key \"a \\x41\\n\"\r\nget 'it\\'s'\n"),
            "i/3 iSET/3 ikey/3 ia A\n/4 \ni/2 iget/3 iit's/4 \n");
}

TEST(RedisScan, RejectsInvalidCommands) {
  for (const auto* broken : {"*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*x\r\n", "*1\r\n*1\r\n$1\r\na\r\n",
                             "SET \"a\r\n", "SET \"a\"b\r\n", "\x16\x03\x01\n", "*1\n$4\nPING\n"}) {
    const auto said = scan_client(broken);
    EXPECT_NE(said, "") << broken;
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("\n"))) << broken;
  }
  EXPECT_EQ(scan_client(std::string(70'000, 'x')), "an inline command of more than 64 KiB");
}

TEST(RedisWords, AreSplitLikeRedisDoes) {
  std::vector<std::string> words;
  EXPECT_TRUE(codecs::split_redis_words("  a  \"b c\" 'd' \\x41 \"\\t\\q\"", words));
  EXPECT_THAT(words, ElementsAre("a", "b c", "d", "\\x41", "\tq"));
}

}  // namespace
}  // namespace brownout::test
