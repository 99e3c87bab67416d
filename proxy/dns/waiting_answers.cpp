#include "proxy/dns/waiting_answers.h"

#include <utility>
#include <vector>

namespace brownout::proxy {

void WaitingAnswers::add(DnsAnswer answer, Instant ready) {
  const auto ordinal = answer.query->facts.ordinal;
  auto& holds = answer.query->plan.holds();
  place({std::move(answer), ready});
  if (!holds.empty()) holds.watch(poster_.bind_to_loop([this, ordinal] { on_release(ordinal); }));
  arm();
}

void WaitingAnswers::place(Waiting waiting) {
  const bool held = !waiting.holds().empty();
  const auto ordinal = waiting.answer.query->facts.ordinal;
  const auto at = held ? waiting.holds().deadline() : waiting.ready;
  const auto where = waiting_.emplace(at, std::move(waiting));
  if (held) held_[ordinal] = where;
}

// Sends an answer whose delay is over, or keeps it if a rule still holds it back.
void WaitingAnswers::look_again(ByTime::iterator where, Instant now) {
  auto waiting = std::move(where->second);
  waiting_.erase(where);
  held_.erase(waiting.answer.query->facts.ordinal);
  if (!waiting.holds().empty()) {
    rules::QueryPlan::Notes notes;
    waiting.holds().wake(now, notes);
    calls_.record(*waiting.answer.query, notes);
  }
  if (!waiting.holds().empty() || waiting.ready > now) return place(std::move(waiting));
  calls_.send(std::move(waiting.answer));
}

void WaitingAnswers::on_release(std::uint64_t query) {
  const auto found = held_.find(query);
  if (found == held_.end()) return;
  found->second->second.holds().look();
  look_again(found->second, Loop::now());
  calls_.flush();
  arm();
}

void WaitingAnswers::keep(const rules::RuleSet& set) {
  std::vector<std::uint64_t> free;
  for (const auto& [query, where] : held_) {
    where->second.holds().keep(set);
    if (where->second.holds().empty()) free.push_back(query);
  }
  for (const auto query : free) on_release(query);
}

void WaitingAnswers::send_all() {
  while (!waiting_.empty()) {
    auto first = waiting_.extract(waiting_.begin());
    calls_.send(std::move(first.mapped().answer));
  }
  held_.clear();
  calls_.flush();
  arm();
}

void WaitingAnswers::clear() {
  waiting_.clear();
  held_.clear();
  arm();
}

void WaitingAnswers::on_due(Instant now) noexcept {
  while (!waiting_.empty() && waiting_.begin()->first <= now) look_again(waiting_.begin(), now);
  calls_.flush();
  arm();
}

void WaitingAnswers::arm() {
  loop_.deadlines().set(*this, waiting_.empty() ? rules::kNever : waiting_.begin()->first);
}

}  // namespace brownout::proxy
