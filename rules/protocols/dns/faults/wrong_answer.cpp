// wrong_answer: answers with other addresses, as after a mistake in a zone, a hijack or a
// blackhole.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"
#include "rules/schema/name_pattern.h"

namespace brownout::rules {
namespace {

struct WrongAnswerSettings {
  std::vector<IpAddress> addresses;
  std::optional<Prefix> prefix;
  std::optional<std::string> name;
  std::int64_t count = 1;
  Duration ttl = std::chrono::seconds(60);
};

// Whether the text is a host name that fits into a query (RFC 1035, 2.3.4).
bool is_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return false;
  std::size_t label = 0;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.' ? label == 0 : !letter || label == 63) return false;
    label = c == '.' ? 0 : label + 1;
  }
  return label > 0;
}

IpAddress address_in(const Prefix& prefix, const Dice& dice, std::uint64_t draw) {
  IpAddress address = prefix.network;
  for (unsigned bit = prefix.length; bit < 128; ++bit) {
    const auto random = (dice.bits(draw * 2 + bit / 64) >> (bit % 64)) & 1;
    address.bytes[bit / 8] |= static_cast<std::uint8_t>(random << (7 - bit % 8));
  }
  return address;
}

class WrongAnswer final : public DnsOnlyFault {
 public:
  using Settings = WrongAnswerSettings;
  explicit WrongAnswer(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("addresses", &Settings::addresses,
              "addresses in the answers: the IPv4 addresses for A queries, the IPv6 addresses for "
              "AAAA queries",
              {.absent = "none"}),
        field("prefix", &Settings::prefix,
              "instead of `addresses`: network from which the addresses are drawn at random, e.g. "
              "one without a route"),
        field("name", &Settings::name,
              "instead of `addresses`: another name, whose real addresses are the answer; Brownout "
              "resolves it by the zone or the servers of the listener"),
        field("count", &Settings::count, "with `prefix`: number of random addresses in each answer",
              {.least = 1, .most = 32}),
        field("ttl", &Settings::ttl,
              "time to live of the wrong addresses: how long they may be cached",
              {.most = std::chrono::seconds(2147483647)}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const int ways = int{!settings.addresses.empty()} + int{settings.prefix.has_value()} +
                     int{settings.name.has_value()};
    if (ways != 1) {
      problems.add(
          table.where,
          "fault \"wrong_answer\" needs exactly one of \"addresses\", \"prefix\" and "
          "\"name\"",
          R"(e.g. addresses = ["192.0.2.1"], prefix = "198.51.100.0/24", or name = "other.test")");
    }
    if (settings.name && IpAddress::parse(*settings.name)) {
      problems.add(position_of(table, "name"), in_quotes(*settings.name) + " is an address",
                   "write addresses = [" + in_quotes(*settings.name) + "]");
    } else if (settings.name && !is_name(*settings.name)) {
      problems.add(position_of(table, "name"), in_quotes(*settings.name) + " is not a DNS name",
                   "labels of 1 to 63 characters with dots between them, at most 253 characters, "
                   "e.g. name = \"other.example.org\"");
    }
  }

  // A query for a family without configured addresses gets NODATA. Otherwise the client could reach
  // the real service over the other family.
  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    const auto& question = *context.query->dns.question;
    const bool v4 = question.type == DnsType::kA;
    if (verdict.decided() || (!v4 && question.type != DnsType::kAaaa)) return std::nullopt;
    if (settings_.name) {
      verdict.other_name = canonical_name(*settings_.name);
      return Note{.action = "resolve other name"};
    }
    auto& reply = verdict.reply.emplace();
    const auto ttl = static_cast<std::uint32_t>(settings_.ttl / std::chrono::seconds(1));
    for (const auto& address : addresses(context.dice)) {
      if (address.is_v4() != v4) continue;
      reply.answer.push_back(address_record(question.name, address, ttl));
    }
    return Note{.action = "answer"};
  }

 private:
  std::vector<IpAddress> addresses(const Dice& dice) const {
    if (!settings_.prefix) return settings_.addresses;
    std::vector<IpAddress> drawn;
    for (std::int64_t i = 0; i < settings_.count; ++i) {
      drawn.push_back(address_in(*settings_.prefix, dice, static_cast<std::uint64_t>(i)));
    }
    return drawn;
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kWrongAnswer = describe<WrongAnswer>(
    {.name = "wrong_answer",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "Answers to A and AAAA queries contain the configured addresses, random "
                "addresses of a network, or the addresses of another name, instead of the real "
                "ones. A query for an address family "
                "that has none of these gets an empty answer (NODATA).",
     .correct_client = "verifies the identity of the server (TLS) before it sends data, tries all "
                       "addresses of the answer, and asks again when the TTL is over",
     .unit = "query for A or AAAA records; other queries are not affected",
     .composition = "the first rule that answers a query decides",
     .source = "RFC 1035, 3.4.1; RFC 3596, 2.2; RFC 9525, 6; RFC 1123, 2.3"});

}  // namespace brownout::rules
