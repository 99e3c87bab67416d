// Chunk is a slice of a shared buffer: a piece of a stream, a datagram or the payload of a message.
// Copying, moving and slicing a chunk copy no bytes. ChunkQueue is a FIFO queue of chunks that
// counts its bytes.
//
// Not thread-safe: a chunk belongs to one event loop.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace brownout::rules {

struct Message;  // defined in message.h

class Chunk {
 public:
  Chunk() = default;
  static Chunk copy_of(std::span<const std::byte> bytes);
  // Returns a chunk for a message; its payload is copied.
  static Chunk of(std::span<const std::byte> payload, std::shared_ptr<const Message> message);

  // Returns the message, or null for a piece of a stream and for a datagram.
  const Message* message() const { return message_.get(); }
  const std::shared_ptr<const Message>& shared_message() const { return message_; }
  // Whether the bytes may differ from the received ones.
  bool touched() const { return touched_; }

  std::span<const std::byte> bytes() const { return {data_.get() + offset_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Removes the first `count` bytes (at most size()) and returns them.
  Chunk take_front(std::size_t count);
  // Returns the bytes for modification. They are copied first if another chunk shares them.
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
  // Removes the first chunk. The queue must not be empty.
  Chunk pop();
  // Removes at most `most` bytes of the first chunk. The queue must not be empty.
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
