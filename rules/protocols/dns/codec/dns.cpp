#include "rules/protocols/dns/codec/dns.h"

#include "rules/protocols/dns/codec/ldns.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "rules/protocols/dns/codec/dns_wire.h"
#include "rules/protocols/dns/codec/ldns_records.h"
#include "rules/schema/name_pattern.h"

namespace brownout::codecs {
namespace {

using rules::DnsReply;
using rules::Rcode;
using rules::Transport;

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using Packet = std::unique_ptr<ldns_pkt, FreePacket>;

// EDNS buffer size in bytes, as recommended by DNS Flag Day 2020.
constexpr std::uint16_t kOurUdpSize = 1232;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestLabel = 63;

void put_number(std::span<std::byte> bytes, std::size_t at, std::uint16_t number) {
  bytes[at] = static_cast<std::byte>(number >> 8);
  bytes[at + 1] = static_cast<std::byte>(number & 0xff);
}

const std::uint8_t* as_octets(ByteView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

// Unpacks a record of a type with any number of fields. The record ends at `end`.
Record unpack_many_fields(ByteView message, std::size_t& at, std::size_t end) {
  ldns_rdf* name = nullptr;
  if (ldns_wire2dname(&name, as_octets(message), message.size(), &at) != LDNS_STATUS_OK) {
    return nullptr;
  }
  Record record(ldns_rr_new());
  ldns_rr_set_owner(record.get(), name);
  ldns_rr_set_type(record.get(), static_cast<ldns_rr_type>(number_at(message, at)));
  ldns_rr_set_class(record.get(), static_cast<ldns_rr_class>(number_at(message, at + 2)));
  ldns_rr_set_ttl(record.get(), static_cast<std::uint32_t>(number_at(message, at + 4)) << 16 |
                                    number_at(message, at + 6));
  constexpr std::size_t kBehindName = 10;
  const auto rdata = std::span(as_octets(message), end).subspan(at + kBehindName);
  at = end;
  return read_many_fields(*record, rdata) ? std::move(record) : nullptr;
}

// Unpacks the record at `at` and moves `at` past the record. Returns null if the record is
// malformed. RDLENGTH decides where a record ends (RFC 1035, 3.2.1), although ldns stops after the
// fields of the type.
Record unpack_record(ByteView message, std::size_t& at, ldns_pkt_section section) {
  std::size_t end = behind_name(message, at) + 4;
  if (section != LDNS_SECTION_QUESTION) {
    if (end + 6 > message.size()) return nullptr;
    end += 6U + number_at(message, end + 4);
  }
  if (end > message.size()) return nullptr;
  if (section != LDNS_SECTION_QUESTION) {
    const auto type_at = behind_name(message, at);
    if (has_many_fields(static_cast<ldns_rr_type>(number_at(message, type_at)))) {
      return unpack_many_fields(message, at, end);
    }
  }
  ldns_rr* record = nullptr;
  const auto status = ldns_wire2rr(&record, as_octets(message), message.size(), &at, section);
  if (status != LDNS_STATUS_OK) return nullptr;  // ldns has already freed the record
  Record owner(record);
  return at == end ? std::move(owner) : nullptr;
}

// Unpacks the OPT record (RFC 6891, 6.1.2 and 6.1.3).
void unpack_edns(ldns_pkt* packet, const ldns_rr* opt) {
  const auto ttl = ldns_rr_ttl(opt);
  ldns_pkt_set_edns_udp_size(packet, static_cast<std::uint16_t>(ldns_rr_get_class(opt)));
  ldns_pkt_set_edns_extended_rcode(packet, static_cast<std::uint8_t>(ttl >> 24));
  ldns_pkt_set_edns_version(packet, static_cast<std::uint8_t>(ttl >> 16));
  ldns_pkt_set_edns_z(packet, static_cast<std::uint16_t>(ttl));
  packet->_edns_present = 1;  // ldns has no setter for this field
  if (ldns_rr_rd_count(opt) > 0) {
    ldns_pkt_set_edns_data(packet, ldns_rdf_clone(ldns_rr_rdf(opt, 0)));
  }
}

void unpack_header(ldns_pkt* packet, ByteView message) {
  const auto* wire = as_octets(message);
  ldns_pkt_set_id(packet, LDNS_ID_WIRE(wire));
  ldns_pkt_set_qr(packet, LDNS_QR_WIRE(wire) != 0);
  ldns_pkt_set_opcode(packet, static_cast<ldns_pkt_opcode>(LDNS_OPCODE_WIRE(wire)));
  ldns_pkt_set_aa(packet, LDNS_AA_WIRE(wire) != 0);
  ldns_pkt_set_tc(packet, LDNS_TC_WIRE(wire) != 0);
  ldns_pkt_set_rd(packet, LDNS_RD_WIRE(wire) != 0);
  ldns_pkt_set_ra(packet, LDNS_RA_WIRE(wire) != 0);
  ldns_pkt_set_ad(packet, LDNS_AD_WIRE(wire) != 0);
  ldns_pkt_set_cd(packet, LDNS_CD_WIRE(wire) != 0);
  ldns_pkt_set_rcode(packet, LDNS_RCODE_WIRE(wire));
}

// Unpacks a message record by record. ldns_wire2pkt would leak the first of two OPT or TSIG
// records, and a peer could exhaust memory. A second OPT or TSIG makes the message malformed (RFC
// 6891, 6.1.1; RFC 8945, 5.1). The TSIG is dropped, because rewriting the message invalidates its
// signature.
Packet unpack(ByteView message) {
  if (message.size() < kDnsHeader) return nullptr;
  Packet packet(ldns_pkt_new());
  unpack_header(packet.get(), message);
  std::size_t at = kDnsHeader;
  std::size_t count_at = 4;
  bool signed_already = false;
  for (const auto section : {LDNS_SECTION_QUESTION, LDNS_SECTION_ANSWER, LDNS_SECTION_AUTHORITY,
                             LDNS_SECTION_ADDITIONAL}) {
    for (unsigned left = number_at(message, count_at); left > 0; --left) {
      auto record = unpack_record(message, at, section);
      if (!record) return nullptr;
      const bool pseudo = section == LDNS_SECTION_ADDITIONAL;
      if (pseudo && ldns_rr_get_type(record.get()) == LDNS_RR_TYPE_OPT) {
        if (packet->_edns_present != 0) return nullptr;
        unpack_edns(packet.get(), record.get());
      } else if (pseudo && ldns_rr_get_type(record.get()) == LDNS_RR_TYPE_TSIG) {
        if (std::exchange(signed_already, true)) return nullptr;
      } else {
        ldns_pkt_push_rr(packet.get(), section, record.release());
      }
    }
    count_at += 2;
  }
  return packet;
}

bool push_records(ldns_pkt* packet, ldns_pkt_section section,
                  const std::vector<rules::DnsRecord>& records) {
  for (const auto& record : records) {
    auto rr = to_ldns(record);
    if (!rr) return false;
    ldns_pkt_push_rr(packet, section, rr.release());
  }
  return true;
}

std::vector<rules::DnsRecord> records_of(const ldns_rr_list* list) {
  std::vector<rules::DnsRecord> records;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    records.push_back(from_ldns(*ldns_rr_list_rr(list, i)));
  }
  return records;
}

Bytes pack(const ldns_pkt* packet) {
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet, &size) != LDNS_STATUS_OK) return {};
  const auto* bytes = reinterpret_cast<const std::byte*>(wire);
  Bytes message(bytes, bytes + size);
  LDNS_FREE(wire);
  return message;
}

// Adds an OPT record with the resolver's options, if the query has an OPT record (RFC 6891, 6.1.1).
void set_edns(ldns_pkt* packet, const ldns_pkt* query, const DnsReply& reply) {
  if (!ldns_pkt_edns(query)) return;
  // A server without EDNS answers FORMERR without an OPT record (RFC 6891, 7).
  if (reply.rcode == Rcode::kFormErr && reply.edns_udp_size == 0) return;
  ldns_pkt_set_edns_udp_size(packet, reply.edns_udp_size != 0 ? reply.edns_udp_size : kOurUdpSize);
  ldns_pkt_set_edns_do(packet, ldns_pkt_edns_do(query));
  ldns_pkt_set_edns_extended_rcode(
      packet, static_cast<std::uint8_t>(static_cast<std::uint16_t>(reply.rcode) >> 4));
  if (reply.edns_options.empty()) return;
  ldns_pkt_set_edns_data(packet,
                         ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, reply.edns_options.size(),
                                               reply.edns_options.data()));
}

Packet start_reply(const ldns_pkt* query, const DnsReply& reply) {
  Packet packet(ldns_pkt_new());
  ldns_pkt_set_id(packet.get(), ldns_pkt_id(query));
  ldns_pkt_set_qr(packet.get(), true);
  ldns_pkt_set_opcode(packet.get(), ldns_pkt_get_opcode(query));
  ldns_pkt_set_rd(packet.get(), ldns_pkt_rd(query));
  ldns_pkt_set_cd(packet.get(), ldns_pkt_cd(query));
  ldns_pkt_set_aa(packet.get(), reply.authoritative);
  ldns_pkt_set_tc(packet.get(), reply.truncated);
  ldns_pkt_set_ra(packet.get(), reply.recursion_available);
  ldns_pkt_set_ad(packet.get(), reply.authentic_data);
  ldns_pkt_set_rcode(packet.get(), static_cast<std::uint8_t>(reply.rcode) & 0xf);
  ldns_pkt_push_rr(packet.get(), LDNS_SECTION_QUESTION,
                   ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(query), 0)));
  set_edns(packet.get(), query, reply);
  return packet;
}

std::size_t most_bytes(const ldns_pkt* query, Transport transport) {
  if (transport == Transport::kTcp) return kDnsLargest;
  return std::max<std::size_t>(kDnsPlainUdp, ldns_pkt_edns_udp_size(query));
}

}  // namespace

std::optional<DnsHeader> read_dns_header(ByteView message) {
  if (message.size() < kDnsHeader) return std::nullopt;
  const auto flags = number_at(message, 2);
  return DnsHeader{.id = number_at(message, 0),
                   .response = (flags & 0x8000) != 0,
                   .opcode = static_cast<std::uint8_t>((flags >> 11) & 0xf),
                   .rcode = static_cast<rules::Rcode>(flags & 0xf),
                   .questions = number_at(message, 4)};
}

void set_dns_id(std::span<std::byte> message, std::uint16_t id) { put_number(message, 0, id); }

ByteView find_dns_question(ByteView message) {
  const auto header = read_dns_header(message);
  if (!header || header->questions != 1) return {};
  std::size_t at = kDnsHeader;
  while (at < message.size()) {
    const auto length = std::to_integer<std::size_t>(message[at]);
    // The check also rejects compression pointers (0xc0 and above): the first name of a message has
    // no earlier name to point to.
    if (length > kLongestLabel || at - kDnsHeader + length + 1 > kLongestName) return {};
    at += length + 1;
    if (length != 0) continue;
    if (at + 4 > message.size()) return {};
    return message.subspan(kDnsHeader, at + 4 - kDnsHeader);
  }
  return {};
}

std::optional<rules::DnsQuestion> read_dns_question(ByteView question) {
  if (question.size() < 5) return std::nullopt;
  ldns_rdf* name = nullptr;
  std::size_t at = 0;
  const auto status = ldns_wire2dname(&name, as_octets(question), question.size(), &at);
  const Name owner(name);
  if (status != LDNS_STATUS_OK || at + 4 != question.size()) return std::nullopt;
  rules::DnsQuestion result;
  result.name = rules::canonical_name(text_of(*owner));
  result.type = static_cast<rules::DnsType>(number_at(question, at));
  result.dns_class = number_at(question, at + 2);
  return result;
}

bool same_question(ByteView a, ByteView b) {
  constexpr std::size_t kTypeAndClass = 4;
  if (a.size() != b.size() || a.size() < kTypeAndClass) return false;
  // The whole name can be converted to lower case, with the length bytes of its labels: a length is
  // at most 63, and "A" is 65.
  const auto lower = [](std::byte byte) {
    return byte >= std::byte{'A'} && byte <= std::byte{'Z'} ? byte | std::byte{0x20} : byte;
  };
  const auto name = a.size() - kTypeAndClass;
  return std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(name), b.begin(),
                    [&](std::byte x, std::byte y) { return lower(x) == lower(y); }) &&
         std::ranges::equal(a.subspan(name), b.subspan(name));
}

rules::DnsType question_type(ByteView question) {
  return static_cast<rules::DnsType>(number_at(question, question.size() - 4));
}

std::optional<DnsReply> read_dns_reply(ByteView message) {
  const auto packet = unpack(message);
  if (!packet) return std::nullopt;
  DnsReply reply;
  const auto high = static_cast<unsigned>(ldns_pkt_edns_extended_rcode(packet.get())) << 4;
  reply.rcode = static_cast<Rcode>(high | ldns_pkt_get_rcode(packet.get()));
  reply.authoritative = ldns_pkt_aa(packet.get());
  reply.truncated = ldns_pkt_tc(packet.get());
  reply.recursion_available = ldns_pkt_ra(packet.get());
  reply.authentic_data = ldns_pkt_ad(packet.get());
  reply.answer = records_of(ldns_pkt_answer(packet.get()));
  reply.authority = records_of(ldns_pkt_authority(packet.get()));
  reply.additional = records_of(ldns_pkt_additional(packet.get()));
  reply.edns_udp_size = ldns_pkt_edns_udp_size(packet.get());
  if (const auto* options = ldns_pkt_edns_data(packet.get())) {
    reply.edns_options.assign(ldns_rdf_data(options),
                              ldns_rdf_data(options) + ldns_rdf_size(options));
  }
  return reply;
}

std::optional<Bytes> write_dns_reply(ByteView query, const DnsReply& reply, Transport transport) {
  const auto asked = unpack(query);
  if (!asked || ldns_rr_list_rr_count(ldns_pkt_question(asked.get())) != 1) return std::nullopt;
  const auto packet = start_reply(asked.get(), reply);
  // More than kMostRecords records cannot fit, because a record is at least 11 bytes. They are not
  // even packed, because their number might exceed the 16-bit field of the header.
  constexpr std::size_t kMostRecords = kDnsLargest / 11;
  Bytes message;
  if (reply.answer.size() + reply.authority.size() + reply.additional.size() <= kMostRecords) {
    const bool whole = push_records(packet.get(), LDNS_SECTION_ANSWER, reply.answer) &&
                       push_records(packet.get(), LDNS_SECTION_AUTHORITY, reply.authority) &&
                       push_records(packet.get(), LDNS_SECTION_ADDITIONAL, reply.additional);
    if (!whole) return std::nullopt;
    message = pack(packet.get());
  }
  if (message.empty() || message.size() > most_bytes(asked.get(), transport)) {
    DnsReply cut = reply;
    // The bit TC makes the client retry over TCP, which is pointless if the query already came over
    // TCP.
    cut.truncated = transport == Transport::kUdp;
    if (!cut.truncated) cut.rcode = Rcode::kServFail;
    message = pack(start_reply(asked.get(), cut).get());
  }
  return message.empty() ? std::nullopt : std::optional(std::move(message));
}

std::uint8_t edns_version(ByteView query) {
  const auto header = read_dns_header(query);
  const auto question = find_dns_question(query);
  if (!header || question.empty()) return 0;
  unsigned left = 0;
  for (std::size_t count_at = 6; count_at < kDnsHeader; count_at += 2) {
    left += number_at(query, count_at);
  }
  for (std::size_t at = kDnsHeader + question.size(); left > 0; --left) {
    at = behind_name(query, at);
    if (at + 10 > query.size()) return 0;
    // The version is the second byte of the TTL field (RFC 6891, 6.1.3).
    if (static_cast<rules::DnsType>(number_at(query, at)) == rules::DnsType::kOpt) {
      return std::to_integer<std::uint8_t>(query[at + 5]);
    }
    at += 10U + number_at(query, at + 8);
  }
  return 0;
}

Bytes write_dns_query(const std::string& name, rules::DnsType type, std::uint16_t id) {
  auto* owner = ldns_dname_new_frm_str(name.c_str());
  if (owner == nullptr) return {};
  // ldns_pkt_query_new takes ownership of the name.
  const Packet packet(
      ldns_pkt_query_new(owner, static_cast<ldns_rr_type>(type), LDNS_RR_CLASS_IN, LDNS_RD));
  if (!packet) return {};
  ldns_pkt_set_id(packet.get(), id);
  ldns_pkt_set_edns_udp_size(packet.get(), kOurUdpSize);
  return pack(packet.get());
}

std::size_t most_over_udp(ByteView query) {
  const auto asked = unpack(query);
  return asked ? most_bytes(asked.get(), Transport::kUdp) : kDnsPlainUdp;
}

Bytes write_dns_error(ByteView query, Rcode rcode) {
  Bytes message(query.begin(), query.begin() + kDnsHeader);
  const auto flags = number_at(query, 2);
  // Copy QR, the opcode and RD from the query, and set the response code.
  put_number(message, 2,
             static_cast<std::uint16_t>(0x8000 | (flags & 0x7900) | static_cast<unsigned>(rcode)));
  std::fill(message.begin() + 4, message.end(), std::byte{0});
  return message;
}

}  // namespace brownout::codecs
