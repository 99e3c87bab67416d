// Where a zone transfer by TCP ends: one query that is answered by several messages, whose records
// are those of one list (AXFR: RFC 5936, 2.2; IXFR: RFC 1995, 4). No I/O; takes any bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/protocols/dns/codec/dns.h"

namespace brownout::codecs {

// Whether the question (find_dns_question) is for AXFR or IXFR.
bool asks_for_transfer(ByteView question);

class DnsTransferEnd {
 public:
  // Of the transfer that this query asks for.
  explicit DnsTransferEnd(ByteView query);

  // The messages of the answer, in order. True: this is the last. What cannot be read has no end
  // that could be known.
  bool add(ByteView message);

 private:
  struct Record {
    bool soa = false;
    std::uint32_t serial = 0;
  };
  // The record at `at`, which moves behind it; none when it is malformed.
  static std::optional<Record> take_record(ByteView message, std::size_t& at);
  static std::size_t behind_questions(ByteView message);
  bool take(const Record& record);

  bool incremental_;
  std::optional<std::uint32_t> known_;  // the serial that the client has (IXFR)
  std::uint64_t records_ = 0;
  std::uint64_t soas_ = 0;
  std::uint32_t serial_ = 0;  // of the zone that comes
  bool differences_ = false;  // and not the whole zone
  bool malformed_ = false;
};

}  // namespace brownout::codecs
