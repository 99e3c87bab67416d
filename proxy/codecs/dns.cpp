#include "proxy/codecs/dns.h"

#include "proxy/codecs/ldns.h"

#include <algorithm>
#include <memory>
#include <string>

#include "proxy/codecs/ldns_records.h"
#include "rules/name_pattern.h"

namespace brownout::codecs {
namespace {

using rules::DnsReply;
using rules::Rcode;
using rules::Transport;

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using Packet = std::unique_ptr<ldns_pkt, FreePacket>;

// What resolvers agreed to offer on 1 October 2020 (DNS flag day).
constexpr std::uint16_t kOurUdpSize = 1232;
constexpr std::size_t kLongestName = 255;
constexpr std::size_t kLongestLabel = 63;

std::uint16_t number_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

void put_number(std::span<std::byte> bytes, std::size_t at, std::uint16_t number) {
  bytes[at] = static_cast<std::byte>(number >> 8);
  bytes[at + 1] = static_cast<std::byte>(number & 0xff);
}

const std::uint8_t* as_octets(ByteView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

// Behind a name (RFC 1035, 4.1.4): labels up to the root, or up to a pointer.
std::size_t behind_name(ByteView message, std::size_t at) {
  while (at < message.size()) {
    const auto length = std::to_integer<std::size_t>(message[at]);
    if (length == 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return message.size();
}

// OPT and TSIG come once at most (RFC 6891, 6.1.1; RFC 8945, 5.1). ldns forgets the memory of the
// one before, so a peer could use up all of it.
bool repeats_what_is_single(ByteView message) {
  constexpr unsigned kOpt = 41;
  constexpr unsigned kTsig = 250;
  if (message.size() < 12) return false;
  std::size_t at = 12;
  for (unsigned i = 0; i < number_at(message, 4); ++i) at = behind_name(message, at) + 4;
  const unsigned before = unsigned{number_at(message, 6)} + number_at(message, 8);
  unsigned opts = 0;
  unsigned tsigs = 0;
  for (unsigned i = 0; i < before + number_at(message, 10); ++i) {
    at = behind_name(message, at);
    if (at + 10 > message.size()) return false;
    if (i >= before && number_at(message, at) == kOpt) ++opts;
    if (i >= before && number_at(message, at) == kTsig) ++tsigs;
    if (opts > 1 || tsigs > 1) return true;
    at += 10U + number_at(message, at + 8);
  }
  return false;
}

Packet unpack(ByteView message) {
  if (repeats_what_is_single(message)) return nullptr;
  ldns_pkt* packet = nullptr;
  const auto status = ldns_wire2pkt(&packet, as_octets(message), message.size());
  Packet owner(packet);
  return status == LDNS_STATUS_OK ? std::move(owner) : nullptr;
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

// The OPT record of a reply: only to a client that sent one (RFC 6891, 6.1.1). The resolver's
// options are passed on.
void set_edns(ldns_pkt* packet, const ldns_pkt* query, const DnsReply& reply) {
  if (!ldns_pkt_edns(query)) return;
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
    // A compression pointer has nothing to point to in a first name.
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
  const bool whole = push_records(packet.get(), LDNS_SECTION_ANSWER, reply.answer) &&
                     push_records(packet.get(), LDNS_SECTION_AUTHORITY, reply.authority) &&
                     push_records(packet.get(), LDNS_SECTION_ADDITIONAL, reply.additional);
  if (!whole) return std::nullopt;
  auto message = pack(packet.get());
  if (message.size() > most_bytes(asked.get(), transport)) {
    DnsReply cut = reply;
    cut.truncated = true;
    message = pack(start_reply(asked.get(), cut).get());
  }
  return message.empty() ? std::nullopt : std::optional(std::move(message));
}

Bytes write_dns_query(const std::string& name, rules::DnsType type, std::uint16_t id) {
  auto* owner = ldns_dname_new_frm_str(name.c_str());
  if (owner == nullptr) return {};
  // Takes ownership of the name.
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
  // QR, the query's opcode and RD, and the code.
  put_number(message, 2,
             static_cast<std::uint16_t>(0x8000 | (flags & 0x7900) | static_cast<unsigned>(rcode)));
  std::fill(message.begin() + 4, message.end(), std::byte{0});
  return message;
}

}  // namespace brownout::codecs
