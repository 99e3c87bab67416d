// DnsTransferEnd detects the last message of a zone transfer over TCP, so that the proxy knows when
// the reply is complete.
//
// A transfer answers one query with several messages, whose records form one list (AXFR: RFC 5936,
// 2.2; IXFR: RFC 1995, 4). No I/O; any bytes are valid input.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/protocols/dns/codec/dns.h"

namespace brownout::codecs {

// Whether the question (a result of find_dns_question()) asks for a zone transfer, AXFR or IXFR.
bool asks_for_transfer(ByteView question);

class DnsTransferEnd {
 public:
  explicit DnsTransferEnd(ByteView query);

  // Takes the messages of the transfer in order and returns whether this message is the last.
  // Always false after a malformed message.
  bool add(ByteView message);

 private:
  struct Record {
    bool soa = false;
    std::uint32_t serial = 0;
  };
  // Reads the record at `at` and moves `at` past the record. Returns no value if the record is
  // malformed.
  static std::optional<Record> take_record(ByteView message, std::size_t& at);
  static std::size_t behind_questions(ByteView message);
  // Processes one record and returns whether it is the last of the transfer.
  bool take(const Record& record);

  bool incremental_;
  std::optional<std::uint32_t> known_;  // for IXFR: serial of the client's copy
  std::uint64_t records_ = 0;
  std::uint64_t soas_ = 0;
  std::uint32_t serial_ = 0;  // serial of the zone that is transferred
  // Whether the transfer lists differences. False for a full zone, which may also answer an IXFR.
  bool differences_ = false;
  bool malformed_ = false;
};

}  // namespace brownout::codecs
