#include "tests/support/dns_lab.h"

#include <utility>

namespace brownout::test {
namespace {

constexpr std::size_t kOnWire = 100;

using namespace rules;

std::vector<DnsRecord> chat_records() {
  std::vector<DnsRecord> records;
  for (const auto* address : {"192.0.2.1", "192.0.2.2", "198.51.100.1", "2001:db8::1"}) {
    records.push_back(address_record("chat.example.org", *IpAddress::parse(address), 60));
  }
  return records;
}

}  // namespace

DnsLab::DnsLab(const std::string& rules, std::uint64_t seed)
    : set_(RuleSet::activate(config_of(rules, "dns").rules, seed, Instant{})) {
  set_zone(chat_records());
}

void DnsLab::set_zone(std::vector<DnsRecord> records) {
  zone_ = std::make_unique<DnsZone>(std::move(records));
}

std::string DnsLab::ask(const std::string& name, const Asked& asked) {
  auto facts = flow_of(++ordinal_, asked.client, Carrier::kDns);
  facts.dns.question = DnsQuestion{name, *parse_dns_type(asked.type), 1};
  facts.dns.transport = asked.transport;
  facts.opened = Instant(asked.at);
  QueryPlan::Notes notes;
  QueryPlan plan(*set_, facts);
  auto verdict = plan.on_query(facts, notes);
  std::string text = "(silence)";
  if (!verdict.silent) {
    auto reply =
        verdict.reply ? *verdict.reply : zone_->answer(*facts.dns.question).value_or(DnsReply{});
    plan.on_reply(facts, reply, facts.opened, notes);
    rules::DnsWire wire{.message = std::vector<std::byte>(kOnWire)};
    plan.on_wire(facts, wire, facts.opened, notes);
    const auto delay = sum(verdict.delay, wire.delay);
    text = (delay > Duration::zero() ? "+" + rules::to_text(delay) + " " : "") + to_text(reply);
    if (wire.message.size() < kOnWire) text += " cut to " + std::to_string(wire.message.size());
    for (const auto byte : wire.message) {
      if (byte != std::byte{}) text += " flipped";
    }
    for (int copies = 0; copies < wire.copies; ++copies) text += ", again";
    if (wire.lost) text = "(lost)";
    if (!plan.holds().empty()) {
      held_.push_back(std::make_unique<Held>(Held{std::move(plan), name}));
      held_.back()->plan.holds().watch(
          [this, name] { left_ += (left_.empty() ? "" : " ") + name; });
      text = "(held)";
    }
  }
  for (const auto& [rule, note] : notes) notes_ += std::string(note.action) + "\n";
  return text;
}

std::string DnsLab::left(Duration at) {
  QueryPlan::Notes notes;
  for (const auto& query : held_) {
    const auto due = query->plan.holds().deadline();
    if (due > Instant(at)) continue;
    query->plan.holds().wake(Instant(at), notes);
    // Adds an answer that wake() has released, since the callback of watch() is not called for it.
    if (query->plan.holds().empty()) left_ += (left_.empty() ? "" : " ") + query->name;
  }
  for (const auto& [rule, note] : notes) notes_ += std::string(note.action) + "\n";
  std::erase_if(held_, [](const auto& query) {
    query->plan.holds().look();
    return query->plan.holds().empty();
  });
  return std::exchange(left_, {});
}

int DnsLab::count(int count, const std::string& name, const std::string& answer) {
  int hits = 0;
  for (int i = 0; i < count; ++i) hits += ask(name) == answer;
  return hits;
}

std::string to_text(const DnsReply& reply) {
  std::string text = rules::to_text(reply.rcode);
  if (reply.truncated) text += " tc";
  const auto add = [&](const std::vector<DnsRecord>& records) {
    for (const auto& record : records) {
      const auto address = record.address();
      text += " " + (address ? rules::to_text(*address) : rules::to_text(record.type)) + "/" +
              std::to_string(record.ttl);
    }
  };
  add(reply.answer);
  if (!reply.authority.empty()) text += " |";
  add(reply.authority);
  return text;
}

}  // namespace brownout::test
