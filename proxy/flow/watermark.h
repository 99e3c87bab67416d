// Limits of one direction of a connection: how often it reads in one iteration of the event loop,
// and how many bytes it holds before reading pauses.
#pragma once

#include <algorithm>
#include <cstddef>

#include "rules/engine/chain.h"
#include "rules/language/config.h"

namespace brownout::proxy {

// Limit of reads in one iteration of the event loop, so that other connections are served too.
constexpr int kReadsPerTurn = 4;

struct Watermark {
  std::size_t high = 0;
  bool capped = false;  // the listener's `buffer` is less than the faults need
};

// Returns how many bytes may be held before reading pauses. `straight` is the limit without rules.
// It can be small, because the kernel's socket buffers also hold bytes for a slow receiver.
inline Watermark watermark(const rules::Chain* chain, const rules::Listener& listener,
                           std::size_t straight) {
  if (chain == nullptr || chain->empty()) return {straight, false};
  constexpr std::size_t kWithStages = 1 << 20;
  const auto wanted = kWithStages + chain->allowance();
  const auto most = static_cast<std::size_t>(listener.buffer.count);
  return {std::min(wanted, most), most < wanted};
}

}  // namespace brownout::proxy
