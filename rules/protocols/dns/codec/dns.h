// DNS messages between the wire (RFC 1035, 4) and rules/protocols/dns/dns.h, by ldns. No I/O; any
// bytes are taken, and what is no message gives none.
//
// A forwarder changes the id of a message and compares its question; for that the header and the
// question are found without unpacking the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::codecs {

constexpr std::size_t kDnsHeader = 12;
constexpr std::size_t kDnsLargest = 65535;
// What every client takes over UDP (RFC 1035, 2.3.4).
constexpr std::size_t kDnsPlainUdp = 512;

struct DnsHeader {
  std::uint16_t id = 0;
  bool response = false;
  std::uint8_t opcode = 0;
  rules::Rcode rcode{};  // without the bits of EDNS
  std::uint16_t questions = 0;
};
std::optional<DnsHeader> read_dns_header(ByteView message);
void set_dns_id(std::span<std::byte> message, std::uint16_t id);

// The one question of a message, name, type and class, as it stands there; empty if it has none,
// several, or a broken one.
ByteView find_dns_question(ByteView message);
std::optional<rules::DnsQuestion> read_dns_question(ByteView question);
// Whether two of find_dns_question() ask the same: names are compared without regard to the case of
// ASCII letters (RFC 1035, 2.3.3; RFC 4343, 3).
bool same_question(ByteView a, ByteView b);
// The type of a question that is not empty, without reading its name.
rules::DnsType question_type(ByteView question);

std::optional<rules::DnsReply> read_dns_reply(ByteView message);

// A reply to `query` (which has one question), with its id, question, RD and CD. At most as large
// as the client takes over `transport`, else empty: truncated (TC) over UDP, SERVFAIL over TCP,
// where nothing larger can be sent. None when the query cannot be unpacked.
std::optional<Bytes> write_dns_reply(ByteView query, const rules::DnsReply& reply,
                                     rules::Transport transport);

// Of the OPT record of a query (RFC 6891, 6.1.3); 0 without one.
std::uint8_t edns_version(ByteView query);

// A query with RD and EDNS; empty when `name` is no name.
Bytes write_dns_query(const std::string& name, rules::DnsType type, std::uint16_t id);

// The largest reply that the client takes over UDP (RFC 1035, 2.3.4, or RFC 6891, 6.2.3).
std::size_t most_over_udp(ByteView query);

// A reply to bytes of which only the header can be read.
Bytes write_dns_error(ByteView query, rules::Rcode rcode);

}  // namespace brownout::codecs
