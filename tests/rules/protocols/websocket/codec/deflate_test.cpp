// Tests WebSocket messages with permessage-deflate (RFC 7692): a fault on one message leaves all
// later messages readable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <random>

#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

using rules::Opcode;

// Compresses messages as a WebSocket sender does.
class Deflater {
 public:
  explicit Deflater(bool takeover = true) : takeover_(takeover) {
    deflateInit2(&stream_, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string compress(std::string text, int flush = Z_SYNC_FLUSH) {
    std::string out(text.size() + 1000, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, flush);
    out.resize(out.size() - stream_.avail_out);
    if (flush == Z_SYNC_FLUSH) out.resize(out.size() - 4);
    if (!takeover_ || flush == Z_FINISH) deflateReset(&stream_);
    return out;
  }
  std::string frame(const std::string& text, bool masked) {
    return WebSocketLab::frame(compress(text), masked, Opcode::kText, true);
  }

 private:
  z_stream stream_{};
  bool takeover_;
};

// The messages that a receiver decompresses from `stream`, one per line; ends with "(unreadable)"
// at the first message that it cannot decompress.
std::string inflated(std::string_view stream, bool takeover = true) {
  z_stream inflater{};
  inflateInit2(&inflater, -15);
  codecs::WebSocketParser parser;
  std::string text;
  std::string payload;
  for (auto bytes = std::as_bytes(std::span(stream)); !bytes.empty();) {
    const auto step = parser.next(bytes);
    if (step.broken) {
      text += "(broken)";
      break;
    }
    bytes = bytes.subspan(step.taken);
    payload += codecs::text_of(parser.payload());
    if (!step.message_ended) continue;
    if (parser.compressed()) {
      payload += std::string("\0\0\xff\xff", 4);
      std::string out(1 << 20, '\0');
      inflater.next_in = reinterpret_cast<Bytef*>(payload.data());
      inflater.avail_in = static_cast<uInt>(payload.size());
      inflater.next_out = reinterpret_cast<Bytef*>(out.data());
      inflater.avail_out = static_cast<uInt>(out.size());
      const auto result = inflate(&inflater, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) {
        text += "(unreadable)";
        break;
      }
      out.resize(out.size() - inflater.avail_out);
      payload = out;
      if (!takeover || result == Z_STREAM_END) inflateReset(&inflater);
    }
    text += std::exchange(payload, {}) + "\n";
  }
  inflateEnd(&inflater);
  return text;
}

std::string said(int i) { return "the price of silver, for the " + std::to_string(i) + "th time"; }

constexpr auto kTakeover = "permessage-deflate; client_max_window_bits=15";
constexpr auto kNoTakeover =
    "x-other, permessage-deflate; client_no_context_takeover; server_no_context_takeover";

struct DeflateLab : WebSocketLab {
  explicit DeflateLab(const std::string& rules, bool keeps = true)
      : WebSocketLab(rules, 1, "", keeps ? kTakeover : kNoTakeover),
        takeover(keeps),
        up(keeps),
        down(keeps) {}

  void say(int from, int to) {
    for (int i = from; i <= to; ++i) {
      http.client(up.frame(said(i), true));
      http.server(down.frame(said(i), false));
    }
  }
  std::string server_reads() const { return inflated(server_bytes(), takeover); }
  std::string client_reads() const { return inflated(client_bytes(), takeover); }

  bool takeover;
  Deflater up;
  Deflater down;
};

std::string lines(std::initializer_list<int> which) {
  std::string text;
  for (const int i : which) text += said(i) + "\n";
  return text;
}

TEST(Deflate, UnmodifiedMessagesPassByteForByte) {
  for (const bool takeover : {true, false}) {
    for (const auto* rules :
         {"", "[[rule]]\nmatch = { text = \"nobody\" }\nfault = { type = \"drop\" }"}) {
      for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
        DeflateLab lab(rules, takeover);
        lab.http.piece = piece;
        Deflater again(takeover);
        std::string sent;
        for (int i = 1; i <= 5; ++i) sent += again.frame(said(i), true);
        lab.http.client(sent);
        EXPECT_TRUE(lab.server_bytes() == sent);
        EXPECT_EQ(lab.http.reports(), "");
      }
    }
  }
}

TEST(Deflate, RulesMatchTheDecompressedText) {
  for (const bool takeover : {true, false}) {
    DeflateLab lab("[[rule]]\nmatch = { text = \"*2th*\" }\nfault = { type = \"drop\" }", takeover);
    lab.say(1, 4);
    EXPECT_EQ(lab.server_reads(), lines({1, 3, 4}));
    EXPECT_EQ(lab.client_reads(), lines({1, 3, 4}));
    EXPECT_EQ(lab.http.reports(), "");
  }
}

TEST(Deflate, MessagesAfterAFaultAreReadable) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {R"("drop")", lines({1, 3, 4, 5, 6})},
      {R"("duplicate", share = "100%")", lines({1, 2, 2, 3, 4, 5, 6})},
      {R"("replace", text = "other")", lines({1}) + "other\n" + lines({3, 4, 5, 6})},
      {R"("truncate_message", after = "3 B")", lines({1}) + "the\n" + lines({3, 4, 5, 6})},
      {R"("delay", delay = "1s")", lines({1, 2, 3, 4, 5, 6})},
      {R"("reorder", share = "100%", gap = 2, delay = "1s")", lines({1, 3, 4, 5, 6, 2})}};
  for (const bool takeover : {true, false}) {
    for (const auto& [fault, reads] : faults) {
      DeflateLab lab("[[rule]]\nmatch = { text = \"*2th*\" }\nfault = { type = " + fault + " }",
                     takeover);
      lab.say(1, 6);
      lab.http.advance(2s);
      EXPECT_EQ(lab.server_reads(), reads) << fault;
      EXPECT_EQ(lab.client_reads(), reads) << fault;
    }
  }
}

TEST(Deflate, MessagesStayReadableWhenRulesChange) {
  DeflateLab lab("");
  lab.say(1, 2);
  lab.http.reload("[[rule]]\nfault = { type = \"drop\" }");
  lab.say(3, 4);
  lab.http.reload("");
  lab.say(5, 6);
  EXPECT_EQ(lab.server_reads(), lines({1, 2, 5, 6}));
  EXPECT_EQ(lab.client_reads(), lines({1, 2, 5, 6}));
}

TEST(Deflate, ReadsFragmentsWithControlFramesBetweenThem) {
  DeflateLab lab("[[rule]]\nmatch = { text = \"*2th*\" }\nfault = { type = \"drop\" }");
  for (int i = 1; i <= 3; ++i) {
    const auto whole = lab.up.compress(said(i));
    auto first = WebSocketLab::frame(whole.substr(0, 5), true, Opcode::kText, true);
    first[0] = '\x41';  // RSV1 = 1, FIN = 0
    auto second = WebSocketLab::frame(whole.substr(5), true);
    second[0] = '\x80';  // a continuation frame with FIN = 1
    lab.http.client(first + WebSocketLab::frame("", true, Opcode::kPing) + second);
    // An uncompressed message does not change the compression context.
    lab.from_client("plain");
  }
  auto reads = lab.server_reads();
  EXPECT_EQ(reads, "\n" + said(1) + "\nplain\n\nplain\n\n" + said(3) + "\nplain\n");
}

// RFC 7692, 7.2.3.4: a sender may mark a block as the last and still send more messages.
TEST(Deflate, AcceptsABlockMarkedAsTheLast) {
  DeflateLab lab(
      "[[rule]]\nmatch = { text = \"*2th*\" }\nfault = { type = \"replace\", text = \"other\" }");
  for (int i = 1; i <= 3; ++i) {
    const auto payload = lab.up.compress(said(i), Z_FINISH) + std::string(1, '\0');
    lab.http.client(WebSocketLab::frame(payload, true, Opcode::kText, true));
  }
  EXPECT_THAT(lab.server_reads(), testing::HasSubstr("other\n" + said(3)));
}

TEST(Deflate, UnreadableMessagesPassAsBytes) {
  DeflateLab lab("[[rule]]\nmatch = { text = \"nobody\" }\nfault = { type = \"drop\" }");
  const auto broken = WebSocketLab::frame("\xff\xff\xff\xff", true, Opcode::kText, true);
  lab.http.client(broken + broken);
  EXPECT_EQ(lab.server_bytes(), broken + broken);
  EXPECT_EQ(lab.http.reports(), "not WebSocket\n");
  // A message that expands beyond the limit passes as bytes, too: 20 MiB in 20 KiB.
  DeflateLab large("[[rule]]\nmatch = { text = \"nobody\" }\nfault = { type = \"drop\" }");
  const auto bomb = large.up.frame(std::string(20 << 20, 'x'), true);
  large.http.client(bomb);
  EXPECT_TRUE(large.server_bytes() == bomb);
  EXPECT_EQ(large.http.reports(), "not WebSocket\n");
}

// With any fault and any read sizes, the receiver gets whole messages.
TEST(Deflate, AllMessagesAreReadableUnderRandomFaults) {
  std::mt19937_64 random(1);
  for (const auto* fault :
       {R"("drop")", R"("duplicate", share = "50%")",
        R"("reorder", share = "50%", window = 3, delay = "1s")", R"("delay", delay = "1s")"}) {
    for (int round = 0; round < 20; ++round) {
      DeflateLab lab("[[rule]]\nprobability = \"40%\"\nper = \"message\"\nfault = { type = " +
                         std::string(fault) + " }",
                     round % 4 != 0);
      lab.http.piece = 1 + random() % 50;
      lab.say(1, 20);
      lab.http.advance(10s);
      std::istringstream reads(lab.server_reads());
      std::string line;
      while (std::getline(reads, line)) {
        EXPECT_THAT(line,
                    testing::AllOf(testing::StartsWith("the price"), testing::EndsWith("th time")))
            << fault;
      }
    }
  }
}

TEST(Deflate, ParsesTheNegotiatedParameters) {
  EXPECT_FALSE(codecs::agreed_deflate(""));
  EXPECT_FALSE(codecs::agreed_deflate("x-permessage-deflate, y; permessage-deflate"));
  const auto plain = codecs::agreed_deflate("permessage-deflate; server_max_window_bits=10");
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->upstream_takeover && plain->downstream_takeover);
  const auto limited = codecs::agreed_deflate("x ,permessage-deflate ; client_no_context_takeover");
  ASSERT_TRUE(limited);
  EXPECT_TRUE(!limited->upstream_takeover && limited->downstream_takeover);
}

}  // namespace
}  // namespace brownout::test
