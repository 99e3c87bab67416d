// Chunk: a slice of shared, immutable-by-default bytes. Moving or slicing one copies no bytes.
// ChunkQueue: chunks in order, with their total size.
//
// Not thread-safe beyond what shared_ptr gives; a chunk lives on one loop.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace brownout::rules {

struct Message;  // message.h

class Chunk {
 public:
  Chunk() = default;
  static Chunk copy_of(std::span<const std::byte> bytes);
  // The payload of a message.
  static Chunk of(std::span<const std::byte> payload, std::shared_ptr<const Message> message);

  // Null on a stream and of datagrams.
  const Message* message() const { return message_.get(); }
  // Whether its bytes may differ from those that came.
  bool touched() const { return touched_; }

  std::span<const std::byte> bytes() const { return {data_.get() + offset_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Cuts the first `count` (at most size()) bytes off and returns them.
  Chunk take_front(std::size_t count);
  // Bytes that may be changed: copied first when another chunk shares them.
  std::span<std::byte> mutable_bytes();

 private:
  std::shared_ptr<std::byte[]> data_;
  std::shared_ptr<const Message> message_;
  std::size_t offset_ = 0;
  std::size_t size_ = 0;
  bool touched_ = false;
};

class ChunkQueue {
 public:
  void push(Chunk chunk);
  // The next chunk, whole; the queue must not be empty.
  Chunk pop();
  // The next bytes, at most `most`; the queue must not be empty.
  Chunk pop(std::size_t most);
  const Chunk& front() const { return chunks_[head_]; }
  // Drops `count` bytes from the front.
  void consume(std::size_t count);
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return head_ == chunks_.size(); }
  void clear();

 private:
  void drop_head();

  std::vector<Chunk> chunks_;
  std::size_t head_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace brownout::rules
