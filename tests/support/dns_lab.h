// DnsLab sends single DNS queries through the rules to a resolver that answers from a zone. Tests
// compare the client's result as text. The lab uses no sockets and no clock.
//
//   DnsLab lab("[[rule]]\nfault = { type = \"servfail\" }");
//   EXPECT_EQ(lab.ask("chat.example.org"), "SERVFAIL");
//
// The zone has chat.example.org with A 192.0.2.1, 192.0.2.2, 198.51.100.1 and AAAA 2001:db8::1. All
// TTLs are 60.
//
// Answers print as "NOERROR 192.0.2.1/60 192.0.2.2/60", records without address as "NS/60", and the
// authority section after "|". A delay prints as "+2s NOERROR ...". "(silence)" means that the
// query did not reach the resolver, "(lost)" that its answer was lost.
//
// An answer counts as 100 bytes. Changes to its bytes print as "cut to 12", "flipped" for each
// wrong byte, and ", again" for each copy. "(held)" is an answer that a rule holds back; left()
// returns the names of released answers.
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
  // Releases the held answers that are due at `at`. Returns the names of all answers released since
  // the last call, in order.
  std::string left(Duration at = {});
  // Sends `count` queries. Returns how many of them get `answer`.
  int count(int count, const std::string& name, const std::string& answer);

  // Replaces the records of the resolver.
  void set_zone(std::vector<rules::DnsRecord> records);
  // One line for each event of a rule, such as "answer".
  const std::string& notes() const { return notes_; }
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
