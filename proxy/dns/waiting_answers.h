// WaitingAnswers: keeps DNS answers that rules delay, or hold back until other messages have
// arrived. Owned by a DnsServer; use only on the event loop's thread.
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
  codecs::Bytes message = {};          // the encoded answer; if empty, `borrowed` has it
  std::span<std::byte> borrowed = {};  // the answer in the forwarder's buffer, valid until sent
  int copies = 0;                      // number of duplicates to send
  codecs::ByteView bytes() const { return message.empty() ? codecs::ByteView(borrowed) : message; }
};

class WaitingAnswers final : private Deadline {
 public:
  // Callbacks to the owner; all must be set.
  struct Calls {
    std::function<void(DnsAnswer answer)> send;
    // Called after send() was called for all answers that are due.
    std::function<void()> flush;
    // Called with the actions of rules on an answer, to log them.
    std::function<void(const DnsQuery& query, const rules::QueryPlan::Notes& notes)> record;
  };

  // `loop` is not owned, and must outlive this object.
  WaitingAnswers(Loop& loop, Calls calls) : loop_(loop), calls_(std::move(calls)), poster_(loop) {}

  // Keeps the answer until the time `ready`, and until no rule holds it back. `answer.message` must
  // not be empty.
  void add(DnsAnswer answer, Instant ready);
  std::size_t size() const { return waiting_.size(); }
  // Releases the answers that are held back by rules that `set` no longer contains.
  void keep(const rules::RuleSet& set);
  // Sends all answers at once.
  void send_all();
  // Drops all answers.
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
  ByTime waiting_;  // the key is the time of the next check
  std::unordered_map<std::uint64_t, ByTime::iterator> held_;  // the key is the ordinal of the query
};

}  // namespace brownout::proxy
