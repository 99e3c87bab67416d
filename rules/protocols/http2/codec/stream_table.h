// StreamTable is a map from the ids of the open streams of one connection to values.
//
// It is a hash table with open addressing. Fibonacci hashing spreads consecutive ids evenly, and
// most streams that are open at the same time have consecutive ids (RFC 9113, 5.1.1). A peer that
// leaves ids out can make them collide, but has at most some hundred open streams. The table has no
// order. add() and remove() move the values. One thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace brownout::http2 {

template <class Value>
class StreamTable {
 public:
  using Id = std::int32_t;

  // Returns the value of this stream; null if there is none.
  Value* find(Id id) {
    if (slots_.empty() || id == kFree) return nullptr;
    auto& slot = slots_[place(id)];
    return slot.first == id ? &slot.second : nullptr;
  }
  const Value* find(Id id) const { return const_cast<StreamTable*>(this)->find(id); }
  // Adds the value of a stream that has none.
  void add(Id id, Value value);
  // Removes and returns the value of this stream; Value() if there is none.
  Value remove(Id id);
  // Calls call(id, value) for each stream. The table must not change meanwhile.
  template <class Call>
  void for_each(Call call) const {
    for (const auto& [id, value] : slots_) {
      if (id != kFree) call(id, value);
    }
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr Id kFree = 0;  // the id of the connection itself
  static constexpr std::size_t kLeast = 16;
  static constexpr std::uint32_t kGoldenRatio = 0x9e3779b9;  // of 2^32
  using Slot = std::pair<Id, Value>;

  // The number of slots is a power of 2, and at least half of them are free.
  std::size_t home(Id id) const {
    return (static_cast<std::uint32_t>(id) >> 1) * kGoldenRatio >> shift_;
  }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  // Returns the slot of this stream, or the free slot where it belongs.
  std::size_t place(Id id) const {
    auto at = home(id);
    while (slots_[at].first != id && slots_[at].first != kFree) at = next(at);
    return at;
  }
  void grow();
  // Moves the streams behind a slot that has become free, if they are not in their own slot because
  // of a collision.
  void close_gap(std::size_t gap);

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  int shift_ = 32;  // 32 minus the binary logarithm of the number of slots
};

template <class Value>
void StreamTable<Value>::add(Id id, Value value) {
  if (2 * (size_ + 1) > slots_.size()) grow();
  ++size_;
  slots_[place(id)] = {id, std::move(value)};
}

template <class Value>
Value StreamTable<Value>::remove(Id id) {
  auto* found = find(id);
  if (found == nullptr) return {};
  auto value = std::exchange(*found, Value());
  const auto at = place(id);
  slots_[at].first = kFree;
  --size_;
  close_gap(at);
  return value;
}

template <class Value>
void StreamTable<Value>::grow() {
  std::vector<Slot> old(std::max(kLeast, 2 * slots_.size()));
  old.swap(slots_);
  shift_ = 32 - std::countr_zero(slots_.size());
  for (auto& slot : old) {
    if (slot.first != kFree) slots_[place(slot.first)] = std::move(slot);
  }
}

template <class Value>
void StreamTable<Value>::close_gap(std::size_t gap) {
  for (auto at = next(gap); slots_[at].first != kFree; at = next(at)) {
    auto slot = std::exchange(slots_[at], Slot());
    slots_[place(slot.first)] = std::move(slot);
  }
}

}  // namespace brownout::http2
