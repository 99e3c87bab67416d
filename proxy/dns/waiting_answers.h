// WaitingAnswers: answers that rules delay, or hold back until others have come. Owned by its
// server; loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <unordered_map>

#include "proxy/dns/query.h"
#include "proxy/loop/poster.h"

namespace brownout::proxy {

struct DnsAnswer {
  DnsQueryPtr query;
  codecs::Bytes message = {};          // owned, or empty:
  std::span<std::byte> borrowed = {};  // of the forwarder, until it is sent
  int copies = 0;                      // beside itself
  codecs::ByteView bytes() const { return message.empty() ? codecs::ByteView(borrowed) : message; }
};

class WaitingAnswers final : private Deadline {
 public:
  // All are set.
  struct Calls {
    std::function<void(DnsAnswer answer)> send;
    // Those that are due have been sent.
    std::function<void()> flush;
    std::function<void(const DnsQuery& query, const rules::QueryPlan::Notes& notes)> record;
  };

  // The loop is borrowed and outlives it.
  WaitingAnswers(Loop& loop, Calls calls) : loop_(loop), calls_(std::move(calls)), poster_(loop) {}

  // Until `ready`, and until nothing of its plan holds it. It owns its message.
  void add(DnsAnswer answer, Instant ready);
  std::size_t size() const { return waiting_.size(); }
  // Rules that went away hold nothing.
  void keep(const rules::RuleSet& set);
  void send_all();
  void clear();

 private:
  struct Waiting {
    DnsAnswer answer;
    Instant ready;
    rules::PlanHolds& holds() { return answer.query->plan.holds(); }
  };
  using ByTime = std::multimap<Instant, Waiting>;

  void on_due(Instant now) noexcept override;
  void place(Waiting waiting);
  void look_again(ByTime::iterator place, Instant now);
  void on_release(std::uint64_t query);
  void arm();

  Loop& loop_;
  Calls calls_;
  Poster poster_;
  ByTime waiting_;                                            // by when to look at it again
  std::unordered_map<std::uint64_t, ByTime::iterator> held_;  // by the query's ordinal
};

}  // namespace brownout::proxy
