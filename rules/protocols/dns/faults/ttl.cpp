// ttl: changes the TTL of answers. A short TTL in the phase before a fault keeps caches from hiding
// the fault; a very long TTL makes a wrong answer persist.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct TtlSettings {
  Duration ttl{};
};

class Ttl final : public DnsOnlyFault {
 public:
  using Settings = TtlSettings;
  explicit Ttl(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("ttl", &Settings::ttl,
              "TTL of every record in the answer, in whole seconds; 0s forbids caching",
              {.most = std::chrono::seconds(2147483647), .required = true}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.ttl % std::chrono::seconds(1) != Duration::zero()) {
      problems.add(position_of(table, "ttl"), "a TTL is whole seconds", "e.g. ttl = \"5s\"");
    }
  }

  std::optional<Note> on_reply(const DnsContext&, DnsReply& reply) const override {
    const auto seconds = static_cast<std::uint32_t>(settings_.ttl / std::chrono::seconds(1));
    bool changed = false;
    for (auto* section : {&reply.answer, &reply.authority, &reply.additional}) {
      for (auto& record : *section) {
        changed = changed || record.ttl != seconds;
        record.ttl = seconds;
      }
    }
    return changed ? std::optional(Note{.action = "set ttl"}) : std::nullopt;
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kTtl = describe<Ttl>(
    {.name = "ttl",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary =
         "Every record of an answer has the configured time to live (TTL) instead of its own.",
     .correct_client = "uses an answer no longer than its TTL, then asks again, and does not cache "
                       "an answer with a TTL of 0",
     .unit = "answer",
     .composition = "the last rule sets the TTL",
     .source = "RFC 1035, 3.2.1; RFC 2181, 8"});

}  // namespace brownout::rules
