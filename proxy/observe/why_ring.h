// WhyRing is a ring buffer with the latest actions of rules in one worker, for `brownout ctl why`.
// Use it only on the worker's thread: without a lock, no reader can delay traffic.
//
// An entry takes about 700 bytes, and at most 2.7 KiB. So a ring takes at most 27 MiB, and then
// overwrites its oldest entries. If a rule acts on many pieces of a connection's bytes, they share
// one entry, with the number of actions and the last of them.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/observe/touched.h"
#include "rules/protocols/http1/http.h"

namespace brownout::proxy {

// Selects entries. An empty member selects all entries.
struct WhyQuery {
  std::string listener = {};  // prefix of the listener's name
  std::string client = {};    // prefix of the client's "address:port"
  std::string rule = {};      // prefix of the rule's name
  std::string text = {};      // text that any property contains; case is ignored
  // Pairs of a property's name and a text that the property contains; case is ignored.
  std::vector<std::pair<std::string, std::string>> where = {};
  std::optional<rules::StatusRange> status = std::nullopt;  // status of an HTTP response
  std::size_t most = 100;

  bool matches(const Touched& entry) const;
  // Returns the names of properties that `where` may use.
  static std::vector<std::string> keys();
};

struct WhyList {
  std::vector<Touched> entries = {};
  std::size_t total = 0;  // number of matching entries, including those not in `entries`

  // Sorts the entries, the newest first, and keeps only the first `most`.
  void finish(std::size_t most);
};

class WhyRing {
 public:
  static constexpr std::size_t kMost = 10'000;

  void add(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
           const rules::Note& note);
  void add(const rules::FlowFacts& flow, std::string_view event, std::string_view why);

  // Examines `count` entries, from number `from` back in time, and adds the matching entries to
  // `found`. Returns the number from which to continue; 0 after the oldest entry.
  std::uint64_t look(const WhyQuery& query, std::uint64_t from, std::size_t count,
                     WhyList& found) const;
  // Returns the number of the newest entry. Numbers begin with 1; 0 means no entry.
  std::uint64_t newest() const { return added_; }

 private:
  // Identifies the entry of a rule that acts on the bytes of a connection. `rule` is only compared
  // and never read, since the rule may be gone.
  struct Recent {
    const rules::Rule* rule = nullptr;
    std::uint64_t flow = 0;
    std::string_view direction;
    std::uint64_t number = 0;
  };

  bool has(std::uint64_t number) const {
    return number > 0 && number <= added_ && added_ - number < entries_.size();
  }
  const Touched& at(std::uint64_t number) const { return entries_[(number - 1) % kMost]; }
  Touched& at(std::uint64_t number) { return entries_[(number - 1) % kMost]; }
  Touched& next();
  // Adds the action to the entry of the same connection and rule. Returns false if no such entry
  // can take it.
  bool repeats(const Recent& recent, const rules::FlowFacts& flow, const rules::Rule& rule,
               const rules::Note& note);

  std::deque<Touched> entries_;  // a deque, since it grows without moving the entries
  std::uint64_t added_ = 0;
  std::array<Recent, 256> recent_{};
};

}  // namespace brownout::proxy
