// RcodeFault is the base class of DNS faults that answer with a response code alone: nxdomain,
// servfail, refused, formerr, notimp and rcode. No query reaches the resolver. Immutable; any
// thread.
#pragma once

#include "rules/engine/dns_fault.h"

namespace brownout::rules {

class RcodeFault : public DnsOnlyFault {
 public:
  // `action` is the name of the action in the event log, a string literal.
  RcodeFault(Rcode rcode, std::string_view action) : rcode_(rcode), action_(action) {}

  std::optional<Note> on_query(const DnsContext&, DnsVerdict& verdict) const override {
    if (verdict.decided()) return std::nullopt;
    verdict.reply.emplace().rcode = rcode_;
    return Note{.action = action_};
  }

 private:
  Rcode rcode_;
  std::string_view action_;
};

// A fault with a fixed response code and no settings.
template <Rcode kCode>
class FixedRcodeFault final : public RcodeFault {
 public:
  struct Settings {};
  explicit FixedRcodeFault(const Settings&) : RcodeFault(kCode, "answer") {}
  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }
};

template <Rcode kCode>
FaultKind describe_rcode(std::string_view name, std::string_view summary,
                         std::string_view correct_client, std::string_view source) {
  return describe<FixedRcodeFault<kCode>>(
      {.name = name,
       .level = Level::kMessage,
       .carriers = kDnsQueries,
       .summary = summary,
       .correct_client = correct_client,
       .unit = "query",
       .composition = "the first rule that answers a query decides",
       .source = source});
}

}  // namespace brownout::rules
