#include "rules/engine/datagram_queue.h"

#include <algorithm>

namespace brownout::rules {

bool DatagramQueue::later_than(const Item& a, const Item& b) {
  return a.ready != b.ready ? a.ready > b.ready : a.arrival > b.arrival;
}

void DatagramQueue::add(Chunk datagram, Instant ready) {
  held_ += datagram.size();
  heap_.push_back({ready, arrivals_++, std::move(datagram)});
  std::push_heap(heap_.begin(), heap_.end(), later_than);
}

void DatagramQueue::drain(Instant now, Output& out) { drain(now, now, out); }

void DatagramQueue::drain(Instant due, Instant now, Output& out) {
  while (!heap_.empty() && heap_.front().ready <= due && !out.full()) {
    std::pop_heap(heap_.begin(), heap_.end(), later_than);
    // Remove the datagram before calling emit(), because emit() may lead to calls of held() and
    // deadline().
    Chunk datagram = std::move(heap_.back().datagram);
    heap_.pop_back();
    held_ -= datagram.size();
    out.emit(std::move(datagram), now);
  }
}

}  // namespace brownout::rules
