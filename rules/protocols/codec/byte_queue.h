// ByteQueue is a FIFO buffer for bytes of one connection or stream that cannot be processed or sent
// yet.
//
// take() only advances a position. add() moves the remaining bytes to the front if they are no
// longer than the part already taken, so the cost per byte is constant on average. The memory is
// released when the queue becomes empty after it held more than kKept bytes. One thread.
#pragma once

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

class ByteQueue {
 public:
  static constexpr std::size_t kKept = 64 * 1024;  // size in bytes

  void add(ByteView bytes) {
    if (taken_ > 0 && taken_ >= size()) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  // Returns the first `count` bytes. Valid until the next add() or take().
  ByteView front(std::size_t count) const { return ByteView(bytes_).subspan(taken_, count); }
  // Returns all bytes. Valid until the next add() or take().
  ByteView view() const { return front(size()); }
  void take(std::size_t count) {
    taken_ += count;
    if (taken_ == bytes_.size()) clear();
  }
  void clear() {
    if (bytes_.capacity() > kKept) Bytes().swap(bytes_);
    bytes_.clear();
    taken_ = 0;
  }
  std::size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return size() == 0; }
  std::size_t capacity() const { return bytes_.capacity(); }

 private:
  Bytes bytes_;
  std::size_t taken_ = 0;
};

}  // namespace brownout::codecs
