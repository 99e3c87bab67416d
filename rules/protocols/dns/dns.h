// DNS messages as values, for rules: what was asked, what is answered. The wire format is the
// codec's matter (rules/protocols/dns/codec/dns.h).
//
// Names are in presentation format (RFC 1035, 5.1), lower case, without the dot at the end; the
// root is "". Rdata is in wire format, not compressed (RFC 3597, 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/address.h"
#include "rules/schema/schema.h"
#include "rules/schema/transport.h"

namespace brownout::rules {

// Of those that rules treat specially; any other number is as good (RFC 1035, 3.2.2).
enum class DnsType : std::uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kTxt = 16,
  kAaaa = 28,
  kDname = 39,
  kOpt = 41,
  kDs = 43,
  kTkey = 249,
  kTsig = 250,
  kIxfr = 251,
  kAxfr = 252,
  kMailb = 253,
  kMaila = 254,
  kAny = 255,
};

// RFC 1035, 4.1.1; RFC 6895, 2.3. Above 15 only with EDNS.
enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kYxDomain = 6,
  kNotAuth = 9,
  kBadVers = 16,  // RFC 6891, 9
};

struct DnsQuestion {
  std::string name;
  DnsType type = DnsType::kA;
  std::uint16_t dns_class = 1;  // IN
};

struct DnsRecord {
  std::string name;
  DnsType type = DnsType::kA;
  std::uint16_t dns_class = 1;
  std::uint32_t ttl = 0;  // seconds
  std::vector<std::uint8_t> rdata;

  bool is_address() const { return type == DnsType::kA || type == DnsType::kAaaa; }
  // None unless it is an address.
  std::optional<IpAddress> address() const;
  friend bool operator==(const DnsRecord&, const DnsRecord&) = default;
};

// A or AAAA, as the address is.
DnsRecord address_record(const std::string& name, const IpAddress& address, std::uint32_t ttl);

struct DnsReply {
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_available = true;
  bool authentic_data = false;
  std::vector<DnsRecord> answer;
  std::vector<DnsRecord> authority;
  std::vector<DnsRecord> additional;  // without the OPT record of EDNS
  std::uint16_t edns_udp_size = 0;    // of a resolver that sent an OPT record (RFC 6891)
  std::vector<std::uint8_t> edns_options;
};

// Every TXT record of the answer says `text` instead (RFC 1035, 3.3.14). How many bytes they had;
// 0: there is none, or the text is too long for a message.
std::int64_t replace_text(DnsReply& reply, std::string_view text);

// "AAAA", "TYPE65534" (RFC 3597, 5).
std::string to_text(DnsType type);
std::optional<DnsType> parse_dns_type(std::string_view text);
// "SERVFAIL", or a number.
std::string to_text(Rcode rcode);
std::optional<Rcode> parse_rcode(std::string_view text);

template <>
struct ValueKind<DnsType> {
  static std::string name() { return "record type"; }
  static Result<DnsType> read(const Node& node);
  static std::string print(DnsType value) { return in_quotes(to_text(value)); }
};
template <>
struct ValueKind<Rcode> {
  static std::string name() { return "response code"; }
  static Result<Rcode> read(const Node& node);
  static std::string print(Rcode value) { return in_quotes(to_text(value)); }
};
template <>
struct ValueKind<IpAddress> {
  static std::string name() { return "IP address"; }
  static Result<IpAddress> read(const Node& node);
  static std::string print(const IpAddress& value) { return in_quotes(to_text(value)); }
};

}  // namespace brownout::rules
