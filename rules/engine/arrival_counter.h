// ArrivalCounter numbers, in order of arrival from 1, the items that a rule matches. Depending on
// the rule, the items are connections, requests, queries, messages, datagrams or TLS handshakes.
//
// All threads share it without a lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "rules/chance/client_table.h"

namespace brownout::rules {

class ArrivalCounter {
 public:
  // Makes the counter number the items of each client separately. Must be called before the first
  // next().
  void count_per_client() { clients_ = std::make_unique<ClientTable<Count>>(); }
  // Returns the number of the next item; 0 if the item is not counted, since too many clients are
  // known already. `client` is ignored unless the counter counts per client.
  std::uint64_t next(Key client) {
    auto* count = clients_ ? clients_->of(client) : &all_;
    return count != nullptr ? count->fetch_add(1, std::memory_order_relaxed) + 1 : 0;
  }
  // Returns the number of a client, in the order in which clients were first seen; 0 if it is not
  // counted. Must be called in place of next(), after count_per_client().
  std::uint64_t of_client(Key client) {
    auto* number = clients_->of(client);
    if (number == nullptr) return 0;
    auto known = number->load(std::memory_order_relaxed);
    if (known != 0) return known;
    auto fresh = all_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (number->compare_exchange_strong(known, fresh, std::memory_order_relaxed)) return fresh;
    // Another thread has numbered the client meanwhile, so `fresh` is not needed. If a later client
    // already has the next number, `fresh` cannot be taken back, and no client gets it.
    all_.compare_exchange_strong(fresh, fresh - 1, std::memory_order_relaxed);
    return known;
  }
  // Returns the number that was given last: of an item, or of a client by of_client(). Returns 0
  // if next() numbers the items of each client separately.
  std::uint64_t count() const { return all_.load(std::memory_order_relaxed); }
  // How often the counter was reset.
  std::uint64_t resets() const { return resets_.load(std::memory_order_relaxed); }
  // Makes the next number 1 again, for each client too.
  void reset() {
    resets_.fetch_add(1, std::memory_order_relaxed);
    all_.store(0, std::memory_order_relaxed);
    if (!clients_) return;
    clients_->for_each([](Count& count) { count.store(0, std::memory_order_relaxed); });
  }

 private:
  using Count = std::atomic<std::uint64_t>;
  Count all_{0};
  std::atomic<std::uint64_t> resets_{0};
  std::unique_ptr<ClientTable<Count>> clients_;
};

}  // namespace brownout::rules
