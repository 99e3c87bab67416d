#include "rules/protocols/dns/codec/dns_transfer.h"

#include "rules/protocols/dns/codec/dns_wire.h"

namespace brownout::codecs {
namespace {

constexpr std::uint16_t kIxfr = 251;
constexpr std::uint16_t kAxfr = 252;
// Size of the five 32-bit numbers at the end of SOA rdata. The serial is the first of them (RFC
// 1035, 3.3.13).
constexpr std::size_t kSoaNumbers = 20;
constexpr std::size_t kAnswers = 6;
constexpr std::size_t kAuthorities = 8;

}  // namespace

bool asks_for_transfer(ByteView question) {
  if (question.empty()) return false;
  const auto type = static_cast<std::uint16_t>(question_type(question));
  return type == kIxfr || type == kAxfr;
}

DnsTransferEnd::DnsTransferEnd(ByteView query) {
  const auto question = find_dns_question(query);
  incremental_ = !question.empty() && static_cast<std::uint16_t>(question_type(question)) == kIxfr;
  if (!incremental_ || number_at(query, kAnswers) != 0 || number_at(query, kAuthorities) == 0) {
    return;
  }
  auto at = kDnsHeader + question.size();
  const auto known = take_record(query, at);
  if (known && known->soa) known_ = known->serial;
}

std::optional<DnsTransferEnd::Record> DnsTransferEnd::take_record(ByteView message,
                                                                  std::size_t& at) {
  const auto fixed = behind_name(message, at);
  if (fixed + 10 > message.size()) return std::nullopt;
  const auto end = fixed + 10 + number_at(message, fixed + 8);
  if (end > message.size()) return std::nullopt;
  at = end;
  Record record{.soa =
                    number_at(message, fixed) == static_cast<std::uint16_t>(rules::DnsType::kSoa)};
  if (!record.soa) return record;
  if (end - fixed - 10 < kSoaNumbers) return std::nullopt;
  record.serial = static_cast<std::uint32_t>(number_at(message, end - kSoaNumbers)) << 16 |
                  number_at(message, end - kSoaNumbers + 2);
  return record;
}

std::size_t DnsTransferEnd::behind_questions(ByteView message) {
  std::size_t at = kDnsHeader;
  for (unsigned left = number_at(message, 4); left > 0 && at < message.size(); --left) {
    at = behind_name(message, at) + 4;
  }
  return at;
}

bool DnsTransferEnd::add(ByteView message) {
  const auto header = read_dns_header(message);
  if (!header || malformed_) return false;
  if (header->rcode != rules::Rcode::kNoError) return true;
  const unsigned answers = number_at(message, kAnswers);
  if (answers == 0) return records_ == 0;
  auto at = behind_questions(message);
  for (unsigned left = answers; left > 0; --left) {
    const auto record = take_record(message, at);
    malformed_ = !record;
    if (malformed_) return false;
    if (take(*record)) return true;
  }
  // A single SOA that is not newer than the client's copy means that the copy is current (RFC 1995,
  // 2). A newer SOA is the first of several messages with one record each.
  const bool newer = known_ && static_cast<std::int32_t>(serial_ - *known_) > 0;
  return incremental_ && records_ == 1 && !newer;
}

bool DnsTransferEnd::take(const Record& record) {
  const auto number = records_++;
  if (number == 0) {
    serial_ = record.serial;
    soas_ = 1;
    return !record.soa;  // a transfer must begin with an SOA
  }
  if (!record.soa) return false;
  if (number == 1) differences_ = incremental_ && record.serial != serial_;
  if (!differences_) return true;
  // After the first SOA, an incremental transfer lists differences. Each has the SOA of an older
  // version, then that of a newer one. If the newest SOA comes where an older one is expected, the
  // transfer ends.
  return soas_++ % 2 == 1 && record.serial == serial_;
}

}  // namespace brownout::codecs
