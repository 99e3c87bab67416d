#include "rules/protocols/dns/dns.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

using Name = std::pair<std::uint16_t, std::string_view>;

// Record types in common use, from the IANA registry "Domain Name System (DNS) Parameters".
constexpr std::array<Name, 26> kTypes{
    {{1, "A"},      {2, "NS"},    {5, "CNAME"},  {6, "SOA"},    {12, "PTR"},  {13, "HINFO"},
     {15, "MX"},    {16, "TXT"},  {28, "AAAA"},  {29, "LOC"},   {33, "SRV"},  {35, "NAPTR"},
     {39, "DNAME"}, {43, "DS"},   {44, "SSHFP"}, {46, "RRSIG"}, {47, "NSEC"}, {48, "DNSKEY"},
     {50, "NSEC3"}, {52, "TLSA"}, {64, "SVCB"},  {65, "HTTPS"}, {99, "SPF"},  {255, "ANY"},
     {256, "URI"},  {257, "CAA"}}};

constexpr std::array<Name, 18> kRcodes{{{0, "NOERROR"},
                                        {1, "FORMERR"},
                                        {2, "SERVFAIL"},
                                        {3, "NXDOMAIN"},
                                        {4, "NOTIMP"},
                                        {5, "REFUSED"},
                                        {6, "YXDOMAIN"},
                                        {7, "YXRRSET"},
                                        {8, "NXRRSET"},
                                        {9, "NOTAUTH"},
                                        {10, "NOTZONE"},
                                        {16, "BADVERS"},
                                        {17, "BADKEY"},
                                        {18, "BADTIME"},
                                        {19, "BADMODE"},
                                        {20, "BADNAME"},
                                        {21, "BADALG"},
                                        {23, "BADCOOKIE"}}};

std::string upper(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

template <std::size_t N>
std::string_view find_name(const std::array<Name, N>& names, std::uint16_t number) {
  for (const auto& [value, name] : names) {
    if (value == number) return name;
  }
  return {};
}

template <std::size_t N>
std::optional<std::uint16_t> find_number(const std::array<Name, N>& names, std::string_view text) {
  const auto wanted = upper(text);
  for (const auto& [value, name] : names) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

template <std::size_t N>
std::vector<std::string_view> names_in(const std::array<Name, N>& names) {
  std::vector<std::string_view> list;
  for (const auto& [value, name] : names) list.push_back(name);
  return list;
}

}  // namespace

std::optional<IpAddress> DnsRecord::address() const {
  if (type == DnsType::kA && rdata.size() == 4) {
    return IpAddress::v4({rdata[0], rdata[1], rdata[2], rdata[3]});
  }
  if (type != DnsType::kAaaa || rdata.size() != 16) return std::nullopt;
  IpAddress address;
  std::copy(rdata.begin(), rdata.end(), address.bytes.begin());
  return address;
}

DnsRecord address_record(const std::string& name, const IpAddress& address, std::uint32_t ttl) {
  const auto& bytes = address.bytes;
  DnsRecord record{.name = name, .type = DnsType::kAaaa, .ttl = ttl, .rdata = {}};
  record.rdata.assign(bytes.begin() + (address.is_v4() ? 12 : 0), bytes.end());
  if (address.is_v4()) record.type = DnsType::kA;
  return record;
}

std::int64_t replace_text(DnsReply& reply, std::string_view text) {
  constexpr std::size_t kMostString = 255;
  constexpr std::size_t kMostText = 60'000;
  if (text.size() > kMostText) return 0;
  std::vector<std::uint8_t> rdata;
  do {
    const auto part = text.substr(0, kMostString);
    rdata.push_back(static_cast<std::uint8_t>(part.size()));
    rdata.insert(rdata.end(), part.begin(), part.end());
    text.remove_prefix(part.size());
  } while (!text.empty());
  std::int64_t replaced = 0;
  for (auto& record : reply.answer) {
    if (record.type != DnsType::kTxt) continue;
    replaced += static_cast<std::int64_t>(record.rdata.size());
    record.rdata = rdata;
  }
  return replaced;
}

std::string to_text(DnsType type) {
  const auto number = static_cast<std::uint16_t>(type);
  const auto name = find_name(kTypes, number);
  return name.empty() ? "TYPE" + std::to_string(number) : std::string(name);
}

std::optional<DnsType> parse_dns_type(std::string_view text) {
  auto number = find_number(kTypes, text);
  if (!number && upper(text).starts_with("TYPE"))
    number = parse_whole_number<std::uint16_t>(text.substr(4), 65535);
  return number ? std::optional(static_cast<DnsType>(*number)) : std::nullopt;
}

std::string to_text(Rcode rcode) {
  const auto number = static_cast<std::uint16_t>(rcode);
  const auto name = find_name(kRcodes, number);
  return name.empty() ? std::to_string(number) : std::string(name);
}

std::optional<Rcode> parse_rcode(std::string_view text) {
  auto number = find_number(kRcodes, text);
  if (!number) number = parse_whole_number<std::uint16_t>(text, 4095);
  return number ? std::optional(static_cast<Rcode>(*number)) : std::nullopt;
}

Result<DnsType> ValueKind<DnsType>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a record type");
  if (const auto type = parse_dns_type(*text)) return *type;
  return config_error("unknown record type " + in_quotes(*text),
                      suggest(upper(*text), names_in(kTypes)));
}

Result<Rcode> ValueKind<Rcode>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a response code, e.g. \"SERVFAIL\" or \"9\"");
  if (const auto rcode = parse_rcode(*text)) return *rcode;
  return config_error("unknown response code " + in_quotes(*text),
                      suggest(upper(*text), names_in(kRcodes)));
}

Result<IpAddress> ValueKind<IpAddress>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "an IP address");
  if (const auto address = IpAddress::parse(*text)) return *address;
  return config_error(in_quotes(*text) + " is not an IP address",
                      R"(e.g. "192.0.2.1" or "2001:db8::1")");
}

}  // namespace brownout::rules
