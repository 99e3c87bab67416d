// One DNS query through the rules, with a resolver that is a zone: what the client gets, as text.
// No sockets, no time.
//
//   DnsLab lab("[[rule]]\nfault = { type = \"servfail\" }");
//   EXPECT_EQ(lab.ask("chat.example.org"), "SERVFAIL");
//
// The zone has chat.example.org with A 192.0.2.1, 192.0.2.2, 198.51.100.1 and AAAA 2001:db8::1, all
// with a TTL of 60. Answers print as "NOERROR 192.0.2.1/60 192.0.2.2/60", other records as
// "NS/60", those of the authority section behind "|"; "(silence)" where the resolver was not asked,
// "(lost)" where it answered; "+2s NOERROR ..." after a delay. On the wire an answer has 100 bytes:
// "cut to 12", "flipped" for each byte that is wrong, ", again" for each copy. "(held)" is an
// answer that waits for others; left() tells which have left.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "rules/engine/plan_query.h"
#include "rules/protocols/dns/dns_zone.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

class DnsLab {
 public:
  explicit DnsLab(const std::string& rules, std::uint64_t seed = 1);

  struct Asked {
    std::string type = "A";
    rules::Transport transport = rules::Transport::kUdp;
    std::string client = "10.1.2.3";
    Duration at{};
  };
  std::string ask(const std::string& name, const Asked& asked);
  std::string ask(const std::string& name) { return ask(name, Asked{}); }
  std::string ask_tcp(const std::string& name) {
    return ask(name, {.transport = rules::Transport::kTcp});
  }
  // The names of answers that were held and left since it was last asked, in their order; those
  // that are due are told that it is `at`.
  std::string left(Duration at = {});
  // Of `count` queries, how many get `answer`.
  int count(int count, const std::string& name, const std::string& answer);

  // What the resolver knows from now on.
  void set_zone(std::vector<rules::DnsRecord> records);
  const std::string& notes() const { return notes_; }  // "answer", one a line
  const rules::RuleState& state(std::size_t rule = 0) const { return *set_->rules()[rule]->state; }

 private:
  std::shared_ptr<const rules::RuleSet> set_;
  std::unique_ptr<rules::DnsZone> zone_;
  struct Held {
    rules::QueryPlan plan;
    std::string name;
  };

  std::uint64_t ordinal_ = 0;
  std::vector<std::unique_ptr<Held>> held_;
  std::string left_;
  std::string notes_;
};

std::string to_text(const rules::DnsReply& reply);

}  // namespace brownout::test
