// How much of one direction is read: in one turn of the loop, and before what waits in its stages
// and for its sink has to go first.
#pragma once

#include <algorithm>
#include <cstddef>

#include "rules/engine/chain.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Reads in one turn before other connections have theirs.
constexpr int kReadsPerTurn = 4;

struct Watermark {
  std::size_t high = 0;
  bool capped = false;  // by the listener's `buffer`: the stages hold less than they would need
};

// `straight`: the limit while no rule is there. Little is gained by reading what a sink does not
// take: the kernel's buffers hold it as well.
inline Watermark watermark(const rules::Chain* chain, const rules::Listener& listener,
                           std::size_t straight) {
  if (chain == nullptr || chain->empty()) return {straight, false};
  constexpr std::size_t kWithStages = 1 << 20;
  const auto wanted = kWithStages + chain->allowance();
  const auto most = static_cast<std::size_t>(listener.buffer.count);
  return {std::min(wanted, most), most < wanted};
}

}  // namespace brownout::proxy
