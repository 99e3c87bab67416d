#include "rules/message/chunk.h"

#include <algorithm>

namespace brownout::rules {

Chunk Chunk::copy_of(std::span<const std::byte> bytes) {
  Chunk chunk;
  chunk.data_ = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
  chunk.size_ = bytes.size();
  std::copy(bytes.begin(), bytes.end(), chunk.data_.get());
  return chunk;
}

Chunk Chunk::of(std::span<const std::byte> payload, std::shared_ptr<const Message> message) {
  Chunk chunk = copy_of(payload);
  chunk.message_ = std::move(message);
  return chunk;
}

Chunk Chunk::take_front(std::size_t count) {
  touched_ = true;
  Chunk front = *this;
  front.size_ = std::min(count, size_);
  offset_ += front.size_;
  size_ -= front.size_;
  return front;
}

std::span<std::byte> Chunk::mutable_bytes() {
  if (data_.use_count() > 1) *this = of(bytes(), message_);
  touched_ = true;
  return {data_.get() + offset_, size_};
}

void ChunkQueue::push(Chunk chunk) {
  if (chunk.empty()) return;
  bytes_ += chunk.size();
  chunks_.push_back(std::move(chunk));
}

Chunk ChunkQueue::pop() {
  Chunk chunk = std::move(chunks_[head_]);
  bytes_ -= chunk.size();
  drop_head();
  return chunk;
}

Chunk ChunkQueue::pop(std::size_t most) {
  if (chunks_[head_].size() <= most) return pop();
  bytes_ -= most;
  return chunks_[head_].take_front(most);
}

void ChunkQueue::consume(std::size_t count) {
  while (count > 0 && !empty()) count -= pop(count).size();
}

void ChunkQueue::clear() {
  chunks_.clear();
  chunks_.shrink_to_fit();
  head_ = 0;
  bytes_ = 0;
}

// Moves the remaining chunks to the front once half of the vector has been removed, so that each
// chunk moves at most once on average. An empty queue frees large buffers, so that idle connections
// use no memory.
void ChunkQueue::drop_head() {
  ++head_;
  if (head_ == chunks_.size()) {
    head_ = 0;
    chunks_.clear();
    if (chunks_.capacity() > 16) chunks_.shrink_to_fit();
  } else if (head_ >= 32 && head_ * 2 >= chunks_.size()) {
    chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace brownout::rules
