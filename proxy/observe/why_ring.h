// WhyRing keeps the last things that rules did on one thread, for `brownout ctl why`. It belongs to
// that thread: no other one reads it, so no reader can hold up traffic.
//
// An entry takes about 700 bytes, and at most 2.7 KiB, so that a ring takes at most 27 MiB. Memory
// is used again.
// A rule that acts on each piece of a connection's bytes has one entry for the connection, with the
// number of times and the last action.
#pragma once

#include <array>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "proxy/observe/touched.h"

namespace brownout::proxy {

// Selects entries. Empty members select all.
struct WhyQuery {
  std::string listener = {};  // prefix of the name
  std::string client = {};    // prefix of "address:port"
  std::string rule = {};      // prefix of the name
  std::string text = {};      // in any property, without regard to case
  // Property, and a text that it contains, without regard to case.
  std::vector<std::pair<std::string, std::string>> where = {};
  std::size_t most = 100;

  bool matches(const Touched& entry) const;
  // The names that `where` may have.
  static std::vector<std::string> keys();
};

struct WhyList {
  std::vector<Touched> entries = {};
  std::size_t total = 0;  // entries that match, listed or not

  // Sorts, newest first, and keeps the newest `most`.
  void finish(std::size_t most);
};

class WhyRing {
 public:
  static constexpr std::size_t kMost = 10'000;

  void add(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
           const rules::Note& note);
  void add(const rules::FlowFacts& flow, std::string_view event, std::string_view why);

  // Copies the matching entries among at most `count`, beginning with number `from` and going back
  // in time. Returns the number to go on with; 0 at the end.
  std::uint64_t look(const WhyQuery& query, std::uint64_t from, std::size_t count,
                     WhyList& found) const;
  // The number of the newest entry; they count from 1. 0: there is none.
  std::uint64_t newest() const { return added_; }

 private:
  // Remembers the entry of a rule that acts on the bytes of a connection. The rule is compared
  // only: it may be gone.
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
  // Adds to the entry of the same connection and rule. False if there is none.
  bool repeats(const Recent& recent, const rules::FlowFacts& flow, const rules::Rule& rule,
               const rules::Note& note);

  std::deque<Touched> entries_;  // grows without moving them
  std::uint64_t added_ = 0;
  std::array<Recent, 256> recent_{};
};

}  // namespace brownout::proxy
