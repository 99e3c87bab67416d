// ServerStates: whether the servers of an upstream could be reached at the last attempt of any
// worker. Every worker writes it; any thread may read it.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace brownout::proxy {

enum class ServerState : std::uint8_t { kUnknown, kUp, kDown };

class ServerStates {
 public:
  explicit ServerStates(std::size_t servers) : states_(servers) {}

  ServerState at(std::size_t index) const { return states_[index].load(std::memory_order_relaxed); }
  // Writes only changes, so that workers do not contend for a cache line.
  void set(std::size_t index, ServerState state) {
    if (at(index) != state) states_[index].store(state, std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<ServerState>> states_;
};

}  // namespace brownout::proxy
