#include "rules/protocols/dns/dns_zone.h"

#include <algorithm>
#include <iterator>

#include "rules/base/whole_number.h"
#include "rules/schema/name_pattern.h"

namespace brownout::rules {
namespace {

constexpr std::size_t kLongestChain = 8;

// Appends one byte of a label in presentation format (RFC 1035, 5.1).
void append_escaped(std::string& name, std::uint8_t byte) {
  if (byte > ' ' && byte < 127) {
    if (std::string_view(".;()\\").find(static_cast<char>(byte)) != std::string_view::npos) {
      name += '\\';
    }
    name += static_cast<char>(byte);
    return;
  }
  const auto number = std::to_string(byte);
  name += '\\' + std::string(3 - number.size(), '0') + number;
}

// Returns the name at the start of `wire`, in presentation format.
std::string name_in(const std::vector<std::uint8_t>& wire) {
  std::string name;
  for (std::size_t at = 0; at < wire.size() && wire[at] != 0;) {
    const std::size_t length = wire[at++];
    if (!name.empty()) name += '.';
    for (std::size_t i = 0; i < length && at < wire.size(); ++i) append_escaped(name, wire[at++]);
  }
  return canonical_name(name);
}

// Whether the type is for queries only and never for records (RFC 6895, 3.1). The result is false
// for ANY, which is such a type, because the zone answers it.
bool is_query_only(DnsType type) {
  const auto number = static_cast<std::uint16_t>(type);
  return number == 0 || type == DnsType::kOpt ||
         (number >= 128 && number < static_cast<std::uint16_t>(DnsType::kAny));
}

// Returns the response code for a query with a query-only type. `apex` means that the queried name
// is the apex of a zone.
Rcode refusal_of(DnsType type, bool apex) {
  switch (type) {
    case DnsType::kAxfr:
    case DnsType::kIxfr:
      return apex ? Rcode::kRefused : Rcode::kNotAuth;  // as RFC 5936, 2.2.1 requires
    case DnsType::kOpt:
    case DnsType::kTsig:
      return Rcode::kFormErr;
    default:
      return type == DnsType{} ? Rcode::kFormErr : Rcode::kNotImp;
  }
}

// Converts the first part of a name from presentation to wire format (RFC 1035, 3.1). The root
// label is left out, because the caller appends the rest of the name.
std::vector<std::uint8_t> wire_of(std::string_view name) {
  std::vector<std::uint8_t> wire;
  while (!name.empty()) {
    const auto size_at = wire.size();
    wire.push_back(0);
    std::size_t at = 0;
    for (; at < name.size() && name[at] != '.'; ++at) {
      auto byte = static_cast<unsigned>(static_cast<unsigned char>(name[at]));
      if (name[at] == '\\' && at + 1 < name.size()) {
        const auto number = parse_whole_number<std::uint8_t>(name.substr(at + 1, 3), 255);
        byte = number ? *number : static_cast<unsigned char>(name[at + 1]);
        at += number ? 3 : 1;
      }
      wire.push_back(static_cast<std::uint8_t>(byte));
    }
    wire[size_at] = static_cast<std::uint8_t>(wire.size() - size_at - 1);
    name.remove_prefix(std::min(at + 1, name.size()));
  }
  return wire;
}

// Returns the CNAME that a DNAME implies for a name below its owner (RFC 6672, 2.2). Returns no
// value if the target name would be longer than 255 bytes.
std::optional<DnsRecord> synthesize_cname(const DnsRecord& dname, const std::string& owner,
                                          const std::string& name) {
  constexpr std::size_t kLongestName = 255;
  auto rdata = wire_of(std::string_view(name).substr(0, name.size() - owner.size()));
  rdata.insert(rdata.end(), dname.rdata.begin(), dname.rdata.end());
  if (rdata.size() > kLongestName) return std::nullopt;
  return DnsRecord{.name = name,
                   .type = DnsType::kCname,
                   .dns_class = dname.dns_class,
                   .ttl = dname.ttl,
                   .rdata = std::move(rdata)};
}

constexpr std::uint16_t kIn = 1;
constexpr std::uint16_t kAnyClass = 255;

const DnsRecord* first_of(const DnsNames& names, std::string_view name, DnsType type) {
  const auto found = names.by_name.find(std::string(name));
  if (found == names.by_name.end()) return nullptr;
  for (const auto& record : found->second) {
    if (record.type == type) return &record;
  }
  return nullptr;
}

// A delegation or DNAME at or above the queried name, which decides how the query is answered.
struct Cut {
  std::string name;
  const DnsRecord* dname = nullptr;  // null for a delegation
};
// Returns the cut closest to the root, or no value if no delegation or DNAME is at or above the
// name.
std::optional<Cut> find_cut(const DnsNames& names, const std::string& name, DnsType type) {
  std::vector<std::string_view> path(1, name);
  while (!path.back().empty()) path.push_back(parent_name(path.back()));
  bool inside = false;  // whether there is an SOA record at or above `at`
  for (auto at = path.rbegin(); at != path.rend(); ++at) {
    const bool below = at->size() < name.size();
    if (first_of(names, *at, DnsType::kSoa) != nullptr) {
      inside = true;
    } else if (inside && first_of(names, *at, DnsType::kNs) != nullptr &&
               (below || type != DnsType::kDs)) {
      return Cut{std::string(*at)};
    }
    const auto* dname = below ? first_of(names, *at, DnsType::kDname) : nullptr;
    if (dname != nullptr) return Cut{std::string(*at), dname};
  }
  return std::nullopt;
}

bool exists(const DnsNames& names, const std::string& name) {
  return names.find(name) != nullptr || (!name.empty() && names.has_below(name)) ||
         names.authority_over(name) != nullptr;
}

// Fills in a referral to the name servers of `child`, with their addresses (glue, RFC 1034, 4.2.1).
void refer(const DnsNames& names, const std::string& child, DnsReply& reply) {
  reply.authoritative = false;
  reply.recursion_available = false;
  for (const auto& record : names.by_name.at(child)) {
    if (record.type != DnsType::kNs) continue;
    reply.authority.push_back(record);
    const auto glue = names.by_name.find(name_in(record.rdata));
    if (glue == names.by_name.end()) continue;
    std::copy_if(glue->second.begin(), glue->second.end(), std::back_inserter(reply.additional),
                 [](const DnsRecord& address) { return address.is_address(); });
  }
}

}  // namespace

DnsZone::DnsZone(std::vector<DnsRecord> records) {
  for (auto& record : records) {
    auto& names = by_class_[record.dns_class];
    const auto name = canonical_name(record.name);
    for (auto below = std::string_view(name); !below.empty();) {
      below = parent_name(below);
      if (!names.above.emplace(below).second) break;
    }
    names.by_name[name].push_back(std::move(record));
  }
}

const DnsNames::Records* DnsNames::find(const std::string& name) const {
  const auto exact = by_name.find(name);
  if (exact != by_name.end()) return &exact->second;
  if (has_below(name)) return nullptr;  // the name is an empty non-terminal (RFC 4592, 2.2.2)
  // The nearest ancestor that exists decides whether a wildcard covers the name (RFC 4592, 3.3.1).
  for (auto ancestor = std::string_view(name); !ancestor.empty();) {
    ancestor = parent_name(ancestor);
    const auto wildcard = by_name.find(ancestor.empty() ? "*" : "*." + std::string(ancestor));
    if (wildcard != by_name.end()) return &wildcard->second;
    const std::string closest(ancestor);
    if (by_name.contains(closest) || has_below(closest)) return nullptr;
  }
  return nullptr;
}

const DnsRecord* DnsNames::authority_over(std::string_view name) const {
  while (true) {
    if (const auto* soa = first_of(*this, name, DnsType::kSoa)) return soa;
    if (name.empty()) return nullptr;
    name = parent_name(name);
  }
}

std::string DnsZone::target_of(const DnsRecord& cname) { return name_in(cname.rdata); }

const DnsNames* DnsZone::names_of(const DnsQuestion& question) const {
  const auto found = by_class_.find(question.dns_class == kAnyClass ? kIn : question.dns_class);
  return found != by_class_.end() ? &found->second : nullptr;
}

bool DnsZone::knows(const DnsQuestion& question) const {
  const auto* names = names_of(question);
  if (names == nullptr) return false;
  const auto cut = find_cut(*names, question.name, question.type);
  return cut ? cut->dname != nullptr : exists(*names, question.name);
}

std::optional<DnsReply> DnsZone::answer(const DnsQuestion& question) const {
  const auto* found = names_of(question);
  const bool known = found != nullptr && (exists(*found, question.name) ||
                                          find_cut(*found, question.name, question.type));
  if (!known) return std::nullopt;
  const auto& names = *found;
  DnsReply reply;
  if (is_query_only(question.type)) {
    const auto* soa = names.authority_over(question.name);
    reply.rcode =
        refusal_of(question.type, soa != nullptr && canonical_name(soa->name) == question.name);
    return reply;
  }
  look_up(names, question, reply);
  return reply;
}

void DnsZone::look_up(const DnsNames& names, const DnsQuestion& question, DnsReply& reply) {
  reply.authoritative = true;
  std::string name = question.name;
  bool nothing = false;  // whether the last name of the alias chain has no records to return
  std::vector<std::string> seen;  // names of the alias chain; a repeated name shows a loop
  while (seen.size() < kLongestChain && std::find(seen.begin(), seen.end(), name) == seen.end()) {
    const bool asked = seen.empty();
    seen.push_back(name);
    if (const auto cut = find_cut(names, name, question.type)) {
      if (cut->dname == nullptr && asked) return refer(names, cut->name, reply);
      if (cut->dname == nullptr) break;
      const bool again =
          std::find(reply.answer.begin(), reply.answer.end(), *cut->dname) != reply.answer.end();
      if (!again) reply.answer.push_back(*cut->dname);
      auto alias = synthesize_cname(*cut->dname, cut->name, name);
      if (!alias) {
        reply.rcode = Rcode::kYxDomain;
        break;
      }
      name = target_of(*alias);
      reply.answer.push_back(std::move(*alias));
      if (question.type == DnsType::kCname) break;
      continue;
    }
    const auto* records = names.find(name);
    if (records == nullptr) {
      // The last name of an alias chain decides the response code (RFC 6604, 3), unless it is
      // outside this zone.
      nothing = asked || names.authority_over(name) != nullptr;
      if (nothing && !names.has_below(name)) reply.rcode = Rcode::kNxDomain;
      break;
    }
    const DnsRecord* alias = nullptr;
    for (const auto& record : *records) {
      if (record.type == DnsType::kCname) alias = &record;
      if (record.type != question.type && question.type != DnsType::kAny) continue;
      reply.answer.push_back(record);
      reply.answer.back().name = name;
    }
    if (!reply.answer.empty() && reply.answer.back().name == name) break;
    nothing = alias == nullptr;
    if (nothing) break;
    reply.answer.push_back(*alias);
    reply.answer.back().name = name;
    name = target_of(*alias);
  }
  // The SOA record allows a resolver to cache the negative answer (RFC 2308, 3).
  const auto* soa = nothing ? names.authority_over(name) : nullptr;
  if (soa != nullptr) reply.authority.push_back(*soa);
}

DnsReply DnsZone::answer_unknown(const DnsQuestion& question) {
  DnsReply reply;
  if (is_query_only(question.type)) {
    reply.rcode = refusal_of(question.type, false);
  } else {
    const bool internet = question.dns_class == kIn || question.dns_class == kAnyClass;
    reply.rcode = internet ? Rcode::kNxDomain : Rcode::kRefused;
  }
  return reply;
}

}  // namespace brownout::rules
