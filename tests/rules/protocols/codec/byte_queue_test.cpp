// Tests the queue of a stream's data: order, and memory that does not grow.
#include "rules/protocols/codec/byte_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace brownout::test {
namespace {

using codecs::ByteQueue;

TEST(ByteQueueTest, KeepsTheOrder) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    ByteQueue queue;
    std::string in;
    std::string out;
    for (int i = 0; i < 500; ++i) {
      const auto size = random() % 300;
      if (random() % 2 == 0) {
        const std::string text(size, static_cast<char>('a' + i % 26));
        queue.add(codecs::bytes_of(text));
        in += text;
      } else {
        const auto taken = std::min<std::size_t>(size, queue.size());
        out += codecs::text_of(queue.front(taken));
        queue.take(taken);
      }
      ASSERT_EQ(queue.size(), in.size() - out.size());
    }
    out += codecs::text_of(queue.front(queue.size()));
    EXPECT_EQ(in, out);
  }
}

TEST(ByteQueueTest, MemoryStaysNearTheSize) {
  ByteQueue queue;
  const codecs::Bytes piece(1000);
  for (int i = 0; i < 10; ++i) queue.add(piece);
  for (int i = 0; i < 100'000; ++i) {
    queue.add(piece);
    queue.take(piece.size());
  }
  EXPECT_EQ(queue.size(), 10'000U);
  EXPECT_LE(queue.capacity(), 50'000U);
}

TEST(ByteQueueTest, TakeDoesNotMoveTheRest) {
  ByteQueue queue;
  queue.add(codecs::bytes_of("0123456789"));
  const auto* front = queue.view().data();
  queue.take(3);
  EXPECT_EQ(queue.view().data(), front + 3);
  EXPECT_EQ(codecs::text_of(queue.view()), "3456789");
  queue.add(codecs::bytes_of("ab"));
  EXPECT_EQ(codecs::text_of(queue.view()), "3456789ab");
  queue.take(6);
  queue.add(codecs::bytes_of("c"));
  EXPECT_EQ(codecs::text_of(queue.view()), "9abc");
  queue.take(4);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, AnEmptyQueueReleasesMuchMemory) {
  ByteQueue queue;
  queue.add(codecs::Bytes(1000));
  queue.take(1000);
  EXPECT_GE(queue.capacity(), 1000U);
  queue.add(codecs::Bytes(1'000'000));
  queue.take(1'000'000);
  EXPECT_EQ(queue.capacity(), 0U);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace brownout::test
