// Tests the DNS codec: parsing and writing messages, also malformed ones.
#include "rules/protocols/dns/codec/dns.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>

#include "proxy/formats/load_rules.h"
#include "rules/protocols/dns/codec/dns_framing.h"

namespace brownout::codecs {
namespace {

using namespace rules;

Bytes packet_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// The explicit length keeps the NUL byte in the string.
template <std::size_t N>
Bytes raw(const char (&text)[N]) {
  return packet_of({text, N - 1});
}

const Bytes kQuery =
    raw("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
        "\4ChAt\3lab\0\0\1\0\1");

TEST(DnsCodec, ReadsTheHeaderAndTheQuestion) {
  const auto header = read_dns_header(kQuery);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->id, 0x1234);
  EXPECT_FALSE(header->response);
  const auto question = read_dns_question(find_dns_question(kQuery));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "chat.lab");
  EXPECT_EQ(question->type, DnsType::kA);
  EXPECT_EQ(question->dns_class, 1);
}

TEST(DnsCodec, RejectsAMalformedQuestion) {
  for (std::size_t size = 0; size < kQuery.size(); ++size) {
    EXPECT_TRUE(find_dns_question(ByteView(kQuery).first(size)).empty()) << size;
  }
  auto pointer = kQuery;
  pointer[12] = std::byte{0xc0};
  EXPECT_TRUE(find_dns_question(pointer).empty());
  auto two = kQuery;
  two[5] = std::byte{2};
  EXPECT_TRUE(find_dns_question(two).empty());
  // A name is at most 255 bytes long.
  Bytes longest = raw("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00");
  for (int i = 0; i < 127; ++i) longest.insert(longest.end(), {std::byte{1}, std::byte{'a'}});
  const auto end = raw("\x00\x00\x01\x00\x01");
  auto fits = longest;
  fits.insert(fits.end(), end.begin(), end.end());
  EXPECT_FALSE(find_dns_question(fits).empty());
  longest.insert(longest.end(), {std::byte{1}, std::byte{'a'}});
  longest.insert(longest.end(), end.begin(), end.end());
  EXPECT_TRUE(find_dns_question(longest).empty());
}

TEST(DnsCodec, ComparesQuestionsWithoutRegardToCase) {
  const auto asked = find_dns_question(kQuery);
  auto other = kQuery;
  for (auto& byte : std::span(other).subspan(12, 9)) {
    if (byte >= std::byte{'A'} && byte <= std::byte{'Z'}) byte |= std::byte{0x20};
  }
  ASSERT_NE(other, kQuery);
  EXPECT_TRUE(same_question(asked, find_dns_question(other)));
  EXPECT_TRUE(same_question(find_dns_question(other), asked));
  // The type and the class are compared exactly. '@' and '`' differ in the same bit as upper and
  // lower case, but are not letters.
  auto type = kQuery;
  type[kQuery.size() - 3] = std::byte{0x21};
  EXPECT_FALSE(same_question(asked, find_dns_question(type)));
  auto marks = kQuery;
  marks[13] = std::byte{'@'};
  other[13] = std::byte{'`'};
  EXPECT_FALSE(same_question(find_dns_question(marks), find_dns_question(other)));
  EXPECT_FALSE(same_question(asked, {}));
  EXPECT_FALSE(same_question({}, {}));
}

TEST(DnsFraming, SkipsEmptyMessages) {
  DnsFraming framing;
  framing.append(Bytes(2'000'000));
  EXPECT_TRUE(framing.next().empty());
  EXPECT_EQ(framing.waiting(), 0U);
  framing.append(raw("\0\0\0\1x\0\0\0"));
  EXPECT_EQ(framing.next().size(), 1U);
  EXPECT_TRUE(framing.next().empty());
  EXPECT_EQ(framing.waiting(), 1U);
}

TEST(DnsCodec, EscapesUnusualBytesInNames) {
  const auto query =
      raw("\0\0\1\0\0\1\0\0\0\0\0\0\x03"
          "a.b"
          "\x02\x00\xff\x00\0\1\0\1");
  const auto question = read_dns_question(find_dns_question(query));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "a\\.b.\\000\\255");
}

TEST(DnsCodec, ReplyIsUnchangedAfterWritingAndReading) {
  const std::string zone = R"(version = 1
[[listener]]
name = "l"
protocol = "dns"
listen = "127.0.0.1:0"
zone = "z"
[[zone]]
name = "z"
records = ["chat.lab. 60 IN A 192.0.2.1", "chat.lab. 5 IN MX 10 mail.lab.", "lab. 9 IN SOA a.lab. b.lab. 1 2 3 4 5",
  "t.lab. 60 IN TXT \"one\" \"two\"", "s.lab. 60 IN SRV 1 2 443 chat.lab.", "u.lab. 60 IN TYPE65534 \\# 3 010203"]
)";
  const auto config = load_rules(zone);
  ASSERT_TRUE(config) << config.error().sorted().front().what;
  DnsReply reply;
  reply.answer = config->zones.front().records;
  reply.authority = {reply.answer[2]};
  reply.authoritative = true;
  // Compressed names point to the question and take its case, so the question is in lower case.
  auto query = kQuery;
  for (auto& byte : std::span(query).subspan(12)) {
    if (byte >= std::byte{'A'} && byte <= std::byte{'Z'}) byte |= std::byte{0x20};
  }
  const auto wire = write_dns_reply(query, reply, Transport::kTcp);
  ASSERT_TRUE(wire);
  const auto back = read_dns_reply(*wire);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->answer, reply.answer);
  EXPECT_EQ(back->authority, reply.authority);
  EXPECT_TRUE(back->authoritative);
  EXPECT_EQ(read_dns_header(*wire)->id, 0x1234);
}

TEST(DnsCodec, ReplyRepeatsTheQuestionByteForByte) {
  const auto wire = write_dns_reply(kQuery, {}, Transport::kTcp);
  ASSERT_TRUE(wire);
  const auto asked = find_dns_question(*wire);
  EXPECT_TRUE(std::equal(kQuery.begin() + 12, kQuery.end(), asked.begin(), asked.end()));
}

TEST(DnsCodec, TruncatesRepliesTooLargeForUdp) {
  DnsReply reply;
  for (std::uint8_t i = 0; i < 100; ++i) {
    reply.answer.push_back(address_record("chat.lab", IpAddress::v4({192, 0, 2, i}), 60));
  }
  const auto udp = write_dns_reply(kQuery, reply, Transport::kUdp);
  ASSERT_TRUE(udp);
  EXPECT_LE(udp->size(), kDnsPlainUdp);
  EXPECT_TRUE(read_dns_reply(*udp)->truncated);
  const auto tcp = write_dns_reply(kQuery, reply, Transport::kTcp);
  ASSERT_TRUE(tcp);
  EXPECT_EQ(read_dns_reply(*tcp)->answer.size(), 100U);
}

TEST(DnsCodec, ReplyTooLargeForAnyMessageIsTruncatedOverUdpAndServfailOverTcp) {
  DnsReply large;
  for (int i = 0; i < 3; ++i) {
    auto& text = large.answer.emplace_back(
        DnsRecord{.name = "chat.lab", .type = DnsType::kTxt, .rdata = {}});
    for (int string = 0; string < 120; ++string) {
      text.rdata.push_back(255);
      text.rdata.resize(text.rdata.size() + 255, 'x');
    }
  }
  DnsReply many;
  for (unsigned i = 0; i < 70'000; ++i) {
    many.answer.push_back(address_record(
        "chat.lab", IpAddress::v4({10, 1, static_cast<std::uint8_t>(i >> 8), 1}), 60));
  }
  DnsReply impossible;
  impossible.answer.push_back(
      {.name = "chat.lab", .type = DnsType::kTxt, .rdata = std::vector<std::uint8_t>(70'000)});
  EXPECT_FALSE(write_dns_reply(kQuery, impossible, Transport::kTcp));
  for (const auto& reply : {large, many}) {
    const auto udp = read_dns_reply(*write_dns_reply(kQuery, reply, Transport::kUdp));
    EXPECT_TRUE(udp->truncated);
    EXPECT_EQ(udp->rcode, Rcode::kNoError);
    const auto tcp = read_dns_reply(*write_dns_reply(kQuery, reply, Transport::kTcp));
    EXPECT_FALSE(tcp->truncated);
    EXPECT_EQ(tcp->rcode, Rcode::kServFail);
    EXPECT_TRUE(tcp->answer.empty());
  }
}

// Parsing with ldns alone takes quadratic time, 1 s for this message. The limit is CPU time, which
// other programs on the machine hardly change.
TEST(DnsCodec, TxtRecordWithThousandsOfStringsTakesLinearTime) {
  DnsReply reply;
  reply.answer.push_back({.name = "chat.lab", .type = DnsType::kTxt, .ttl = 7, .rdata = {}});
  for (int i = 0; i < 32'700; ++i)
    reply.answer[0].rdata.insert(reply.answer[0].rdata.end(), {1, 'x'});
  const auto begin = std::clock();
  for (int i = 0; i < 20; ++i) {
    const auto wire = write_dns_reply(kQuery, reply, Transport::kTcp);
    ASSERT_TRUE(wire);
    const auto read = read_dns_reply(*wire);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->answer.size(), 1U);
    EXPECT_EQ(read->answer[0].rdata, reply.answer[0].rdata);
    EXPECT_EQ(read->answer[0].ttl, 7U);
  }
  EXPECT_LT((std::clock() - begin) / CLOCKS_PER_SEC, 8);
  for (const auto& broken : {std::vector<std::uint8_t>{}, {2, 'x'}, {1, 'x', 1}}) {
    DnsReply malformed;
    malformed.answer.push_back({.name = "a.lab", .type = DnsType::kTxt, .rdata = broken});
    EXPECT_FALSE(write_dns_reply(kQuery, malformed, Transport::kTcp));
  }
}

// A resolver that gets FORMERR without an OPT record asks again without EDNS (RFC 6891, 7).
TEST(DnsCodec, AFormErrHasNoOptRecordUnlessTheUpstreamSentOne) {
  const auto query = write_dns_query("chat.lab", DnsType::kA, 1);
  DnsReply reply;
  EXPECT_NE(read_dns_reply(*write_dns_reply(query, reply, Transport::kUdp))->edns_udp_size, 0);
  reply.rcode = Rcode::kFormErr;
  EXPECT_EQ(read_dns_reply(*write_dns_reply(query, reply, Transport::kUdp))->edns_udp_size, 0);
  reply.edns_udp_size = 1232;
  EXPECT_EQ(read_dns_reply(*write_dns_reply(query, reply, Transport::kUdp))->edns_udp_size, 1232);
}

TEST(DnsCodec, ReadsTheEdnsVersion) {
  EXPECT_EQ(edns_version(kQuery), 0);
  auto query = write_dns_query("chat.lab", DnsType::kA, 1);
  EXPECT_EQ(edns_version(query), 0);
  // Sets the EDNS version. Two bytes of flags and two bytes for the length of the empty options
  // follow it.
  query[query.size() - 5] = std::byte{1};
  EXPECT_EQ(edns_version(query), 1);
  for (std::size_t size = 0; size < query.size(); ++size) {
    edns_version(ByteView(query).first(size));
  }
  DnsReply refusal;
  refusal.rcode = Rcode{16};
  const auto read = read_dns_reply(*write_dns_reply(query, refusal, Transport::kUdp));
  EXPECT_EQ(to_text(read->rcode), "BADVERS");
}

// Found by a fuzzer: ldns leaks the first of two such records.
TEST(DnsCodec, RejectsASecondOptOrTsigRecord) {
  for (const auto& type : {raw("\0\x29"), raw("\0\xfa")}) {
    for (const int times : {1, 2}) {
      auto message = kQuery;
      message[2] = std::byte{0x81};
      message[11] = static_cast<std::byte>(times);
      for (int i = 0; i < times; ++i) {
        auto record = raw("\0??\0\xff\0\0\0\0\0\0");
        record[1] = type[0];
        record[2] = type[1];
        message.insert(message.end(), record.begin(), record.end());
      }
      EXPECT_EQ(read_dns_reply(message).has_value(), times == 1);
    }
  }
}

// Found by a fuzzer: ldns ignores RDLENGTH and reads a second record from the surplus bytes.
TEST(DnsCodec, RejectsARecordWithBytesAfterItsFields) {
  for (const int surplus : {0, 1}) {
    auto message = kQuery;
    message[2] = std::byte{0x81};
    message[7] = std::byte{1};
    auto record = raw("\0\0\x01\0\x01\0\0\0\0\0\x04\xc0\0\x02\x01");
    record[10] = static_cast<std::byte>(4 + surplus);
    record.resize(record.size() + static_cast<std::size_t>(surplus));
    message.insert(message.end(), record.begin(), record.end());
    EXPECT_EQ(read_dns_reply(message).has_value(), surplus == 0);
  }
}

TEST(DnsCodec, RandomBytesDoNotCrashTheCodec) {
  std::mt19937 random(7);
  DnsReply reply;
  reply.answer.push_back(address_record("chat.lab", IpAddress::v4({192, 0, 2, 1}), 60));
  const auto good = *write_dns_reply(kQuery, reply, Transport::kTcp);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    for (auto flips = random() % 6; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    const auto read = read_dns_reply(bytes);
    if (read) write_dns_reply(kQuery, *read, Transport::kUdp);
    if (!find_dns_question(bytes).empty()) read_dns_question(find_dns_question(bytes));
    write_dns_reply(bytes, reply, Transport::kUdp);
  }
}

TEST(ZoneFile, ErrorNamesTheLineOfTheRecord) {
  const auto config = load_rules(R"(version = 1
[[listener]]
name = "l"
protocol = "dns"
listen = "127.0.0.1:0"
zone = "z"
[[zone]]
name = "z"
records = ["chat.lab. 60 IN A 192.0.2.1",
  "chat.lab. 60 IN A 192.0.2.300"]
)");
  ASSERT_FALSE(config);
  const auto problem = config.error().sorted().front();
  EXPECT_EQ(problem.where.line, 10);
  EXPECT_NE(problem.what.find("192.0.2.300"), std::string::npos);
}

}  // namespace
}  // namespace brownout::codecs
