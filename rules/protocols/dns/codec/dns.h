// Functions that parse DNS messages from the wire format (RFC 1035, 4) and write them, with ldns.
//
// rules/protocols/dns/dns.h defines the values. Any bytes are valid input; a malformed message
// yields no value. No I/O. A forwarder needs only the id and the question of a message, so
// functions for the header and the question do not unpack the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::codecs {

// Sizes in bytes: of the header of a message, and of the largest message over TCP.
constexpr std::size_t kDnsHeader = 12;
constexpr std::size_t kDnsLargest = 65535;
// The reply size in bytes that every client accepts over UDP (RFC 1035, 2.3.4).
constexpr std::size_t kDnsPlainUdp = 512;

struct DnsHeader {
  std::uint16_t id = 0;
  bool response = false;
  std::uint8_t opcode = 0;
  // Response code without its upper bits, which are in the OPT record of EDNS.
  rules::Rcode rcode{};
  std::uint16_t questions = 0;
};
std::optional<DnsHeader> read_dns_header(ByteView message);
void set_dns_id(std::span<std::byte> message, std::uint16_t id);

// Returns the bytes of the question: name, type and class. Empty unless the message has exactly one
// question and it is well-formed.
ByteView find_dns_question(ByteView message);
std::optional<rules::DnsQuestion> read_dns_question(ByteView question);
// Compares two results of find_dns_question(). The case of ASCII letters in names is ignored (RFC
// 1035, 2.3.3; RFC 4343, 3).
bool same_question(ByteView a, ByteView b);
// Reads only the type, not the name. `question` must not be empty.
rules::DnsType question_type(ByteView question);

std::optional<rules::DnsReply> read_dns_reply(ByteView message);

// Writes a reply with the id, question, RD and CD of `query`. If the reply is larger than the
// client accepts over `transport`, its sections are left empty; over UDP the bit TC is set, over
// TCP the code is SERVFAIL. Returns no value if the query is malformed or does not have exactly one
// question.
std::optional<Bytes> write_dns_reply(ByteView query, const rules::DnsReply& reply,
                                     rules::Transport transport);

// Returns the EDNS version in the OPT record of a query (RFC 6891, 6.1.3); 0 without an OPT record.
std::uint8_t edns_version(ByteView query);

// Writes a query with RD and EDNS. Returns no bytes if `name` is not a valid domain name.
Bytes write_dns_query(const std::string& name, rules::DnsType type, std::uint16_t id);

// Returns the size in bytes of the largest reply that the client accepts over UDP (RFC 1035, 2.3.4;
// RFC 6891, 6.2.3).
std::size_t most_over_udp(ByteView query);

// Writes an error reply to a message with an unreadable body. `query` must contain a whole header.
Bytes write_dns_error(ByteView query, rules::Rcode rcode);

}  // namespace brownout::codecs
