// DNS questions, records and replies as plain values, which rules match and modify.
//
// rules/protocols/dns/codec/dns.h converts them from and to the wire format. Names are in
// presentation format (RFC 1035, 5.1), in lower case and without the trailing dot; the root is "".
// Rdata is in uncompressed wire format (RFC 3597, 4).
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

// Record types that the code handles specially. Any other number is a valid value, too (RFC 1035,
// 3.2.2).
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

// Response codes (RFC 1035, 4.1.1; RFC 6895, 2.3). Codes above 15 need EDNS.
enum class Rcode : std::uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServFail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kYxDomain = 6,
  kNotAuth = 9,
  kBadVers = 16,  // unsupported EDNS version (RFC 6891, 9)
};

struct DnsQuestion {
  std::string name;
  DnsType type = DnsType::kA;
  std::uint16_t dns_class = 1;  // 1 is the class IN
};

struct DnsRecord {
  std::string name;
  DnsType type = DnsType::kA;
  std::uint16_t dns_class = 1;
  std::uint32_t ttl = 0;  // time to live in seconds
  std::vector<std::uint8_t> rdata;

  bool is_address() const { return type == DnsType::kA || type == DnsType::kAaaa; }
  // Returns the address of a well-formed A or AAAA record; no value for any other record.
  std::optional<IpAddress> address() const;
  friend bool operator==(const DnsRecord&, const DnsRecord&) = default;
};

// Returns an A record for an IPv4 address, or an AAAA record for an IPv6 address.
DnsRecord address_record(const std::string& name, const IpAddress& address, std::uint32_t ttl);

struct DnsReply {
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_available = true;
  bool authentic_data = false;
  std::vector<DnsRecord> answer;
  std::vector<DnsRecord> authority;
  std::vector<DnsRecord> additional;  // all records of the section except the OPT record of EDNS
  // UDP payload size in bytes from the OPT record (RFC 6891); 0 if there is no OPT record.
  std::uint16_t edns_udp_size = 0;
  std::vector<std::uint8_t> edns_options;
};

// Replaces the text of every TXT record in the answer (RFC 1035, 3.3.14). Returns the size of the
// replaced rdata in bytes; 0 if there is no TXT record or `text` is too long for a message.
std::int64_t replace_text(DnsReply& reply, std::string_view text);

// Returns a name such as "AAAA", or "TYPE65534" for a type without a name (RFC 3597, 5).
std::string to_text(DnsType type);
std::optional<DnsType> parse_dns_type(std::string_view text);
// Returns a name such as "SERVFAIL", or the number of a code without a name.
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
