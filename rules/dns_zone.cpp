#include "rules/dns_zone.h"

#include <algorithm>

#include "rules/name_pattern.h"

namespace brownout::rules {
namespace {

constexpr int kLongestChain = 8;

}  // namespace

DnsZone::DnsZone(std::vector<DnsRecord> records) {
  for (auto& record : records) {
    auto& place = by_name_[canonical_name(record.name)];
    place.push_back(std::move(record));
  }
}

const DnsZone::Records* DnsZone::find(const std::string& name) const {
  const auto exact = by_name_.find(name);
  if (exact != by_name_.end()) return &exact->second;
  // The nearest ancestor that exists decides whether a wildcard covers the name (RFC 4592, 3.3.1).
  for (auto above = std::string_view(name); !above.empty();) {
    above = parent_name(above);
    const auto wildcard = by_name_.find(above.empty() ? "*" : "*." + std::string(above));
    if (wildcard != by_name_.end()) return &wildcard->second;
    if (by_name_.contains(std::string(above))) return nullptr;
  }
  return nullptr;
}

bool DnsZone::has_below(const std::string& name) const {
  const auto suffix = "." + name;
  return std::any_of(by_name_.begin(), by_name_.end(),
                     [&](const auto& entry) { return entry.first.ends_with(suffix); });
}

const DnsRecord* DnsZone::authority_over(std::string_view name) const {
  while (true) {
    const auto found = by_name_.find(std::string(name));
    if (found != by_name_.end()) {
      for (const auto& record : found->second) {
        if (record.type == DnsType::kSoa) return &record;
      }
    }
    if (name.empty()) return nullptr;
    name = parent_name(name);
  }
}

std::string DnsZone::target_of(const DnsRecord& cname) {
  std::string name;
  for (std::size_t at = 0; at < cname.rdata.size() && cname.rdata[at] != 0;) {
    const std::size_t length = cname.rdata[at++];
    if (!name.empty()) name += '.';
    for (std::size_t i = 0; i < length && at < cname.rdata.size(); ++i) {
      name += static_cast<char>(cname.rdata[at++]);
    }
  }
  return canonical_name(name);
}

std::optional<DnsReply> DnsZone::answer(const DnsQuestion& question) const {
  const auto* soa = authority_over(question.name);
  if (find(question.name) == nullptr && !has_below(question.name) && soa == nullptr) {
    return std::nullopt;
  }
  DnsReply reply;
  reply.authoritative = true;
  std::string name = question.name;
  for (int step = 0; step < kLongestChain; ++step) {
    const Records* records = find(name);
    if (records == nullptr) {
      if (step == 0 && !has_below(name)) reply.rcode = Rcode::kNxDomain;
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
    if (alias == nullptr) break;
    reply.answer.push_back(*alias);
    reply.answer.back().name = name;
    name = target_of(*alias);
  }
  // What a resolver needs in order to cache that there is nothing (RFC 2308, 3).
  if (reply.answer.empty() && soa != nullptr) reply.authority.push_back(*soa);
  return reply;
}

}  // namespace brownout::rules
