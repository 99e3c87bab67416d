// lame: answers like a server that does not have the zone, although a delegation names that server.
//
// how = "upward": a referral to the root. how = "loop": a referral to name servers inside the zone
// without their addresses, so a resolver never gets an answer.
#include <algorithm>
#include <array>

#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"
#include "rules/schema/name_pattern.h"

namespace brownout::rules {
namespace {

enum class How { kUpward, kLoop };

struct LameSettings {
  How how = How::kUpward;
};

constexpr std::uint32_t kTtl = 60;

// NS rdata is a name in wire format.
std::vector<std::uint8_t> name_rdata(std::string_view name) {
  std::vector<std::uint8_t> wire;
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  wire.push_back(0);
  return wire;
}

DnsRecord ns_record(std::string_view zone, std::string_view server) {
  return {
      .name = std::string(zone), .type = DnsType::kNs, .ttl = kTtl, .rdata = name_rdata(server)};
}

}  // namespace

template <>
struct EnumNames<How> {
  static constexpr std::array kValues{std::pair<std::string_view, How>{"upward", How::kUpward},
                                      std::pair<std::string_view, How>{"loop", How::kLoop}};
};

namespace {

class Lame final : public DnsOnlyFault {
 public:
  using Settings = LameSettings;
  explicit Lame(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("how", &Settings::how,
              "servers to which the answer refers. upward: the root servers. loop: servers inside "
              "the zone, without their addresses"),
    }};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (verdict.decided()) return std::nullopt;
    auto& reply = verdict.reply.emplace();
    reply.recursion_available = false;
    if (settings_.how == How::kUpward) {
      reply.authority.push_back(ns_record("", "a.root-servers.net"));
    } else {
      // name_rdata() does not handle escapes, so a name with escapes gets the root as its zone.
      const auto& name = context.query->dns.question->name;
      const auto zone =
          name.find('\\') == std::string::npos ? parent_name(name) : std::string_view{};
      for (const auto* host : {"ns1", "ns2"}) {
        const auto server = zone.empty() ? std::string(host) : host + ("." + std::string(zone));
        reply.authority.push_back(ns_record(zone, server));
      }
    }
    return Note{.action = "send referral"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kLame =
    describe<Lame>({.name = "lame",
                    .level = Level::kMessage,
                    .carriers = kDnsQueries,
                    .summary = "The server is not authoritative for the zone (a lame delegation). "
                               "Every answer is a referral to other name servers: to those of the "
                               "root, or to some inside the zone whose addresses are missing.",
                    .correct_client = "does not follow such a referral, asks another server of the "
                                      "zone, and fails after a limited number of queries",
                    .unit = "query",
                    .composition = "the first rule that answers a query decides",
                    .source = "RFC 9499, 7; RFC 1034, 5.3.3; RFC 4697, 2.2"});

}  // namespace brownout::rules
