// Tests that frame headers are found however the bytes are cut.
#include "rules/protocols/http2/codec/frame_scanner.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

TEST(Http2FrameScanner, FindsAllHeadersInAnyChunks) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const bool preface = random() % 2 == 0;
    std::string bytes(preface ? kH2Preface : "");
    std::string expected;
    for (int i = 0; i < 30; ++i) {
      const auto length = random() % 3 == 0 ? 0 : random() % 400;
      const auto type = static_cast<int>(random() % 12);
      const auto flags = static_cast<int>(random() % 256);
      const auto stream = static_cast<StreamId>(random() & 0x7fffffff);
      bytes += h2_frame(type, flags, stream, std::string(length, 'x'));
      expected += std::to_string(length) + '/' + std::to_string(type) + '/' +
                  std::to_string(flags) + '/' + std::to_string(stream) + ' ';
    }
    http2::FrameScanner scanner(preface);
    std::string found;
    for (auto rest = codecs::bytes_of(bytes); !rest.empty();) {
      auto piece = rest.first(std::min<std::size_t>(rest.size(), 1 + random() % 100));
      rest = rest.subspan(piece.size());
      while (!piece.empty()) {
        const auto step = scanner.next(piece);
        ASSERT_GT(step.size, 0U);
        ASSERT_LE(step.size, piece.size());
        piece = piece.subspan(step.size);
        if (!step.head) continue;
        found += std::to_string(step.head->length) + '/' + std::to_string(step.head->type) + '/' +
                 std::to_string(step.head->flags) + '/' + std::to_string(step.head->stream) + ' ';
      }
    }
    EXPECT_EQ(found, expected) << seed;
  }
}

TEST(Http2FrameScanner, IgnoresTheReservedBitOfTheStream) {
  auto frame = h2_frame(kPing, 0, 5, "12345678");
  frame[5] = '\x80';
  http2::FrameScanner scanner(false);
  EXPECT_EQ(scanner.next(codecs::bytes_of(frame)).head->stream, 5);
}

}  // namespace
}  // namespace brownout::test
