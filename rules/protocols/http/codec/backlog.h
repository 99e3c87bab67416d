// Backlog buffers received bytes until the HTTP parser can take them.
//
// take() only advances a position. add() moves the remaining bytes to the front if they are no
// longer than the part already taken, so the cost per byte is constant on average. Views are valid
// until the next add(). Owned by a Conversation; one thread.
#pragma once

#include "rules/protocols/codec/bytes.h"

namespace brownout::http {

class Backlog {
 public:
  void add(codecs::ByteView bytes) {
    if (taken_ > 0 && taken_ >= size()) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
      taken_ = 0;
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void take(std::size_t count) {
    taken_ += count;
    if (taken_ == bytes_.size()) clear();
  }
  void clear() {
    bytes_.clear();
    taken_ = 0;
  }
  codecs::ByteView view() const { return codecs::ByteView(bytes_).subspan(taken_); }
  std::size_t size() const { return bytes_.size() - taken_; }
  bool empty() const { return size() == 0; }

 private:
  codecs::Bytes bytes_;
  std::size_t taken_ = 0;
};

}  // namespace brownout::http
