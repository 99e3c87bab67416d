// The DNS codec: bytes to values and back. Links without libuv.
#include "proxy/codecs/dns.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "proxy/codecs/zone_file.h"

namespace brownout::codecs {
namespace {

using namespace rules;

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// "\0" needs its length.
template <std::size_t N>
Bytes raw(const char (&text)[N]) {
  return bytes_of({text, N - 1});
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

TEST(DnsCodec, ABrokenQuestionIsNone) {
  for (std::size_t size = 0; size < kQuery.size(); ++size) {
    EXPECT_TRUE(find_dns_question(ByteView(kQuery).first(size)).empty()) << size;
  }
  auto pointer = kQuery;
  pointer[12] = std::byte{0xc0};
  EXPECT_TRUE(find_dns_question(pointer).empty());
  auto two = kQuery;
  two[5] = std::byte{2};
  EXPECT_TRUE(find_dns_question(two).empty());
  // 255 bytes are the longest name.
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

TEST(DnsCodec, UnusualNamesKeepTheirMeaning) {
  const auto query =
      raw("\0\0\1\0\0\1\0\0\0\0\0\0\x03"
          "a.b"
          "\x02\x00\xff\x00\0\1\0\1");
  const auto question = read_dns_question(find_dns_question(query));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->name, "a\\.b.\\000\\255");
}

TEST(DnsCodec, AReplyComesBackAsItWas) {
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
  // Compressed names point to the question, and so take its case.
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

TEST(DnsCodec, TheQuestionIsRepeatedAsTheClientWroteIt) {
  const auto wire = write_dns_reply(kQuery, {}, Transport::kTcp);
  ASSERT_TRUE(wire);
  const auto asked = find_dns_question(*wire);
  EXPECT_TRUE(std::equal(kQuery.begin() + 12, kQuery.end(), asked.begin(), asked.end()));
}

TEST(DnsCodec, WhatTheClientDoesNotTakeIsCut) {
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

// Found by the fuzzer: ldns leaks the first of two.
TEST(DnsCodec, WhatMayBeThereOnceIsThereOnce) {
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

// Found by the fuzzer: ldns goes on behind the fields that it knows, and finds a second one there.
TEST(DnsCodec, ARecordEndsWhereItsLengthSays) {
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

TEST(DnsCodec, HostileBytesNeverMatter) {
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

TEST(ZoneFile, AMistakeHasItsPlace) {
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
