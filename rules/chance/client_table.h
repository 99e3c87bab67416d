// ClientTable keeps one value of type T (a rate limit, a queue) for each client address. All
// threads share it without a lock.
//
// The table has a fixed number of buckets. Each bucket is a list that only grows; a new entry is
// pushed by compare-and-swap. A lookup happens once per connection, not per byte.
//
// Clients choose their addresses, so the number of entries is limited: clients after the first
// kMost have none, and a rule does not act on them. One entry for all of them would let a single
// client use up the limits of the others. Entries live as long as the table, and the table lives as
// long as its rule.
//
// A client's key is a hash of its address (FlowFacts::client_key). Several threads may use a T at
// the same time, so T must be thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

#include "rules/chance/dice.h"

namespace brownout::rules {

template <class T>
class ClientTable {
 public:
  static constexpr std::size_t kMost = 65'536;

  ClientTable() = default;
  ClientTable(const ClientTable&) = delete;
  ClientTable& operator=(const ClientTable&) = delete;
  ~ClientTable() {
    for (auto& bucket : buckets_) {
      // Destroy the list in a loop: nested unique_ptr destructors would recurse once per entry.
      std::unique_ptr<Entry> entry(bucket.load(std::memory_order_relaxed));
      while (entry) entry = std::move(entry->next);
    }
  }

  // Calls visit(T&) for every entry.
  template <class Visit>
  void for_each(const Visit& visit) {
    for (auto& bucket : buckets_) {
      auto* entry = bucket.load(std::memory_order_acquire);
      for (; entry != nullptr; entry = entry->next.get()) visit(entry->value);
    }
  }

  // Returns the value of this client; null if it has none yet.
  T* known(Key client) {
    return find(buckets_[client % buckets_.size()].load(std::memory_order_acquire), client);
  }

  // Returns the value of this client, and creates it at the first call. Returns null if the table
  // is full.
  T* of(Key client) {
    auto& bucket = buckets_[client % buckets_.size()];
    if (auto* found = find(bucket.load(std::memory_order_acquire), client)) return found;
    if (size_.fetch_add(1, std::memory_order_relaxed) >= kMost) return nullptr;
    auto fresh = std::make_unique<Entry>(client);
    auto* head = bucket.load(std::memory_order_acquire);
    do {
      if (auto* found = find(head, client)) {
        fresh->next.release();
        return found;
      }
      fresh->next.release();
      fresh->next.reset(head);
    } while (!bucket.compare_exchange_weak(head, fresh.get(), std::memory_order_acq_rel));
    return &fresh.release()->value;
  }

 private:
  struct Entry {
    explicit Entry(Key key) : client(key) {}
    Key client;
    T value{};
    std::unique_ptr<Entry> next;
  };

  static T* find(Entry* entry, Key client) {
    for (; entry != nullptr; entry = entry->next.get()) {
      if (entry->client == client) return &entry->value;
    }
    return nullptr;
  }

  std::array<std::atomic<Entry*>, 1024> buckets_{};
  std::atomic<std::size_t> size_{0};
};

}  // namespace brownout::rules
