// Tests the NATS codec: lines, subjects, headers, JSON, and the messages of a connection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/nats/codec/nats_line.h"
#include "rules/protocols/nats/nats_json.h"
#include "rules/protocols/nats/nats_message.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using codecs::read_nats_line;
using rules::NatsVerb;

TEST(NatsLine, ReadsEachFormOfALine) {
  const auto pub = read_nats_line("PUB orders.new _INBOX.1 12\r");
  ASSERT_TRUE(pub);
  EXPECT_EQ(pub->line.verb, NatsVerb::kPub);
  EXPECT_EQ(pub->line.subject, "orders.new");
  EXPECT_EQ(pub->line.reply, "_INBOX.1");
  EXPECT_EQ(pub->behind, 12U);
  const auto hmsg = read_nats_line("hmsg  orders.new\t9 25 30");
  ASSERT_TRUE(hmsg);
  EXPECT_EQ(hmsg->line.sid, "9");
  EXPECT_EQ(hmsg->line.reply, "");
  EXPECT_EQ(hmsg->headers, 25U);
  EXPECT_EQ(hmsg->line.payload, 5U);
  const auto sub = read_nats_line("SUB orders.> workers 4");
  ASSERT_TRUE(sub);
  EXPECT_EQ(sub->line.queue, "workers");
  EXPECT_EQ(sub->line.sid, "4");
  EXPECT_EQ(read_nats_line("-ERR 'Slow Consumer'")->line.text, "Slow Consumer");
}

TEST(NatsLine, RejectsInvalidLines) {
  for (const auto* line :
       {"", "GET / HTTP/1.1", "PUB", "PUB a", "PUB a b c 1", "PUB a -1", "PUB a 1x",
        "PUB a 99999999999", "HPUB a 5 4", "MSG a 1", "SUB a", "SUB a b c d", "UNSUB", "PING 1",
        "INFO", "CONNECT name", "PUB a b c d e f g 5"}) {
    EXPECT_FALSE(read_nats_line(line)) << line;
  }
}

TEST(NatsLine, WritesALineAsItWasRead) {
  for (const auto* line :
       {"PUB a.b 0", "PUB a.b r 0", "SUB a q 1", "SUB a 1", "UNSUB 1", "UNSUB 1 5", "PING", "PONG",
        "+OK", "-ERR 'no'", "INFO {}", "CONNECT {\"a\":1}", "MSG a 1 0", "MSG a 1 r 0"}) {
    const auto read = read_nats_line(line);
    ASSERT_TRUE(read) << line;
    const auto written = codecs::write_nats(read->line, "");
    EXPECT_EQ(written.substr(0, written.find('\r')), line);
  }
}

TEST(NatsSubject, StarMatchesOneTokenAndGreaterThanTheRest) {
  EXPECT_TRUE(rules::subject_matches("a.b", "a.b"));
  EXPECT_TRUE(rules::subject_matches("a.*.c", "a.b.c"));
  EXPECT_TRUE(rules::subject_matches("a.>", "a.b.c"));
  EXPECT_TRUE(rules::subject_matches(">", "a"));
  EXPECT_FALSE(rules::subject_matches("a.>", "a"));
  EXPECT_FALSE(rules::subject_matches("a.*", "a.b.c"));
  EXPECT_FALSE(rules::subject_matches("a", "a.b"));
  EXPECT_FALSE(rules::subject_matches("a.b", "a"));
}

TEST(NatsLine, QuickSizeAgreesWithTheFullParser) {
  const std::array<std::string, 16> lines{
      "PUB a 5",    "PUB a b 5\r",  "MSG a 1 5",         "MSG a 1 b 5\r",
      "HPUB a 3 5", "HPUB a b 3 5", "HMSG a 1 3 5",      "HMSG a 1 b 3 5",
      "PUB a",      "PUB a b c 5",  "HPUB a 6 5",        "PUB a  5",
      "pub a 5",    "PUB a x",      "PUB a 99999999999", "HMSG a 1 b c 3 5"};
  int quick = 0;
  for (const auto& line : lines) {
    const auto size = codecs::quick_nats_size(line);
    const auto close = codecs::read_nats_line(line);
    if (!size) continue;
    ++quick;
    ASSERT_TRUE(close) << line;
    EXPECT_EQ(*size, close->behind) << line;
  }
  EXPECT_EQ(quick, 8);
  EXPECT_FALSE(codecs::quick_nats_size("PING"));
  EXPECT_FALSE(codecs::quick_nats_size("SUB a 1"));
}

TEST(NatsHeaders, AreFoundByCaseSensitiveName) {
  constexpr std::string_view kHeaders = "NATS/1.0 503\r\nTenant: blue \r\nEmpty:\r\n\r\n";
  EXPECT_EQ(rules::nats_status(kHeaders), 503);
  EXPECT_EQ(rules::nats_status("NATS/1.0\r\n\r\n"), 0);
  using testing::ElementsAre;
  EXPECT_THAT(rules::nats_headers(kHeaders, "Tenant"), ElementsAre("blue"));
  EXPECT_THAT(rules::nats_headers(kHeaders, "Empty"), ElementsAre(""));
  EXPECT_THAT(rules::nats_headers(kHeaders, "tenant"), ElementsAre());
  EXPECT_THAT(rules::nats_headers("", "Tenant"), ElementsAre());
  EXPECT_THAT(rules::nats_headers("NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n", "A"), ElementsAre("1", "2"));
}

// The messages of a connection in the order sent, each as "verb subject queue payload".
std::string read_all(const std::vector<std::pair<rules::Direction, std::string>>& said,
                     std::size_t piece) {
  const auto config = config_of("", "nats");
  const auto codec = messages::codec_of(config.listeners.front());
  std::string text;
  for (const auto& [direction, sent] : said) {
    for (std::size_t at = 0; at < sent.size(); at += piece) {
      const auto part = std::string_view(sent).substr(at, piece);
      for (auto bytes = codecs::bytes_of(part); !bytes.empty();) {
        const auto step = codec->reader(direction).next(bytes, true);
        if (!step.broken.empty()) return text + std::string(step.broken);
        bytes = bytes.subspan(step.taken);
        if (!step.ended) continue;
        const auto& line = rules::view_as<rules::NatsMessage>(step.ended->message.get())->line;
        text += std::string(rules::name_of(line.verb)) + " " + line.subject + " " + line.queue +
                " " + std::string(codecs::text_of(step.ended->payload)) + "\n";
      }
    }
  }
  return text;
}

TEST(NatsJson, ReadsOnlyTopLevelMembers) {
  using rules::nats_json_flag;
  using rules::nats_json_text;
  EXPECT_EQ(nats_json_text(R"({"name":"a","tls":{"x":[1]}})", "name"), "a");
  EXPECT_TRUE(nats_json_flag(R"({"tls_required":true})", "tls_required"));
  for (const auto* other : {"", "{", "[]", "5", R"({"name":5})", R"({"name":{"name":"b"}})"}) {
    EXPECT_EQ(nats_json_text(other, "name"), "") << other;
    EXPECT_FALSE(nats_json_flag(other, "name")) << other;
  }
  std::string deep = "{\"a\":";
  for (int i = 0; i < 300'000; ++i) deep += "[";
  EXPECT_EQ(nats_json_text(deep, "name"), "");
  for (int i = 0; i < 300'000; ++i) deep += "]";
  EXPECT_EQ(nats_json_text(deep + ",\"name\":\"a\"}", "name"), "a");
}

TEST(NatsCodec, DeliveredMessagesHaveTheQueueOfTheirSubscription) {
  using rules::Direction;
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    EXPECT_EQ(
        read_all(
            {{Direction::kUpstream, "SUB orders.* workers 7\r\nPUB a 2\r\nhi\r\n"},
             {Direction::kDownstream,
              "MSG orders.new 7 5\r\nhello\r\nHMSG orders.new 7 12 14\r\nNATS/1.0\r\n\r\nhi\r\n"},
             {Direction::kUpstream, "UNSUB 7\r\n"}},
            piece),
        "sub orders.* workers \npub a  hi\nmsg orders.new workers hello\n"
        "hmsg orders.new workers hi\nunsub orders.* workers \n");
  }
}

TEST(NatsCodec, RejectsAPayloadLongerThanItsLineStates) {
  EXPECT_EQ(read_all({{rules::Direction::kUpstream, "PING\r\nPUB a 2\r\nhello\r\n"}}, 1000),
            "ping   \na payload longer than its line states");
}

}  // namespace
}  // namespace brownout::test
