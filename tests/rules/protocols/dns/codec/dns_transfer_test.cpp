// Tests DnsTransferEnd, which detects the last message of a zone transfer.
#include "rules/protocols/dns/codec/dns_transfer.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace brownout::codecs {
namespace {

void put16(Bytes& to, unsigned value) {
  to.push_back(static_cast<std::byte>(value >> 8 & 0xff));
  to.push_back(static_cast<std::byte>(value & 0xff));
}

// Appends a record at the root: an SOA with `serial`, or an A if `serial` is 0.
void put_record(Bytes& to, int serial) {
  to.push_back(std::byte{0});
  put16(to, serial != 0 ? 6 : 1);
  put16(to, 1);
  put16(to, 0);
  put16(to, 60);
  if (serial == 0) {
    put16(to, 4);
    return to.resize(to.size() + 4);
  }
  put16(to, 22);
  put16(to, 0);  // two names, both of them the root
  put16(to, 0);
  put16(to, static_cast<unsigned>(serial));
  to.resize(to.size() + 16);
}

// `records` lists the serials of SOA records; 0 stands for an A record.
Bytes transfer_message(const std::vector<int>& records, bool question = false, unsigned type = 252,
                       unsigned rcode = 0) {
  Bytes message;
  for (const unsigned word :
       {7U, 0x8400U | rcode, question ? 1U : 0U, static_cast<unsigned>(records.size()), 0U, 0U}) {
    put16(message, word);
  }
  if (question) {
    message.push_back(std::byte{0});
    put16(message, type);
    put16(message, 1);
  }
  for (const int serial : records) put_record(message, serial);
  return message;
}

Bytes transfer_query(unsigned type, int known = 0) {
  auto query = transfer_message({}, true, type);
  query[2] = std::byte{0};
  if (known == 0) return query;
  query[9] = std::byte{1};
  put_record(query, known);
  return query;
}

// The number of messages up to the end of the transfer; 0 if the transfer does not end.
std::size_t over_after(const Bytes& query, const std::vector<std::vector<int>>& messages) {
  DnsTransferEnd end(query);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (end.add(transfer_message(messages[i], i == 0))) return i + 1;
  }
  return 0;
}

TEST(DnsTransferEnd, FullTransferEndsWithARepeatOfItsFirstSoa) {
  const auto axfr = transfer_query(252);
  EXPECT_EQ(over_after(axfr, {{5, 0, 0}, {0, 0}, {0, 5}, {0}}), 3U);
  EXPECT_EQ(over_after(axfr, {{5, 0, 0, 5}}), 1U);
  EXPECT_EQ(over_after(axfr, {{5}, {0}, {0}, {5}}), 4U);
  EXPECT_EQ(over_after(axfr, {{5}, {0}}), 0U);
  EXPECT_EQ(over_after(axfr, {{5, 5}}), 1U);
}

TEST(DnsTransferEnd, DifferencesEndWhenTheNewestSoaStandsWhereAnOlderSoaIsDue) {
  const auto ixfr = transfer_query(251, 3);
  EXPECT_EQ(over_after(ixfr, {{5, 3, 0, 4, 0}, {4, 0}, {5, 0}, {5}}), 4U);
  EXPECT_EQ(over_after(ixfr, {{5, 3, 5, 5}, {0}}), 1U);
  // The server sends the full zone instead of the differences.
  EXPECT_EQ(over_after(ixfr, {{5, 0, 0}, {0, 5}}), 2U);
  // The client already has the newest version.
  EXPECT_EQ(over_after(ixfr, {{3}, {0}}), 1U);
  // Each message carries one record.
  EXPECT_EQ(over_after(ixfr, {{5}, {3}, {0}, {5}, {0}, {5}}), 6U);
  EXPECT_EQ(over_after(transfer_query(251), {{5}}), 1U);
}

TEST(DnsTransferEnd, RefusedTransferEndsWithTheFirstMessage) {
  DnsTransferEnd end(transfer_query(252));
  EXPECT_TRUE(end.add(transfer_message({}, true, 252, 5)));
  EXPECT_EQ(over_after(transfer_query(252), {{}}), 1U);
  EXPECT_EQ(over_after(transfer_query(252), {{0}}), 1U);
}

TEST(DnsTransferEnd, MalformedTransferHasNoEnd) {
  DnsTransferEnd end(transfer_query(252));
  auto cut = transfer_message({5, 0});
  cut.resize(cut.size() - 1);
  EXPECT_FALSE(end.add(cut));
  EXPECT_FALSE(end.add(transfer_message({5})));
  std::mt19937 random(7);
  const auto good = transfer_message({5, 3, 0, 5}, true);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    for (auto flips = random() % 6; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    if (!find_dns_question(bytes).empty()) DnsTransferEnd(bytes).add(bytes);
    DnsTransferEnd(transfer_query(251, 3)).add(bytes);
  }
}

TEST(DnsTransferEnd, OnlyAxfrAndIxfrQuestionsAskForATransfer) {
  EXPECT_TRUE(asks_for_transfer(find_dns_question(transfer_query(252))));
  EXPECT_TRUE(asks_for_transfer(find_dns_question(transfer_query(251))));
  EXPECT_FALSE(asks_for_transfer(find_dns_question(transfer_query(1))));
  EXPECT_FALSE(asks_for_transfer({}));
}

}  // namespace
}  // namespace brownout::codecs
