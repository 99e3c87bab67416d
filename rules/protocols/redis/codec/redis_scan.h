// RedisScan: splits a byte stream of RESP into values. The client sends commands (arrays of bulk
// strings, or inline commands); the server sends replies in RESP2 or RESP3 (Redis serialization
// protocol specification, 7.0). Streamed types, which no server sends, are a protocol violation.
//
// Incremental. Only the beginnings of the first parts of a value are kept, whatever its size.
// Nesting is limited to kMostDepth levels.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

// A scalar value, or the head of an aggregate.
struct RedisPart {
  char sign = 0;          // first byte; 'i' for an inline command and its words
  std::string text = {};  // beginning of a string, or the line without its sign
  // `head` and `body` are offsets, in bytes, from the beginning of the whole value: of the sign,
  // and of the data after the head. `size` is the size of the data, or the number of elements of an
  // aggregate.
  std::size_t head = 0;
  std::size_t body = 0;
  std::size_t size = 0;
  bool null = false;

  bool whole() const { return text.size() == size; }
};

class RedisScan {
 public:
  static constexpr std::size_t kMostDepth = 128;
  static constexpr std::size_t kMostInline = 64 << 10;  // redis.conf: PROTO_INLINE_MAX_SIZE
  static constexpr std::size_t kMostText = 1 << 10;     // bytes of text kept per part
  static constexpr std::size_t kMostParts = 16 << 10;

  enum class Of { kClient, kServer };
  explicit RedisScan(Of of) : of_(of) {}

  struct Step {
    std::size_t taken = 0;
    bool ended = false;            // a value ends with the taken bytes
    std::string_view broken = {};  // why the bytes violate RESP; nothing can be read after that
  };
  // Takes bytes up to the end of the value or of `bytes`.
  Step next(ByteView bytes);
  // The parts of the value that ended: the value itself and its direct elements, without
  // attributes. Valid until next().
  std::span<const RedisPart> parts() const { return {parts_.data(), count_}; }
  // Bytes of a string still to come.
  std::size_t left() const { return left_; }

 private:
  struct Frame {
    std::uint64_t left = 0;  // elements
    bool attribute = false;  // describes the value that follows
  };

  void begin();
  std::string_view take_line(ByteView bytes, std::size_t& taken);
  std::string_view keep_line(std::string_view part, char sign, bool inlined);
  void take_body(ByteView bytes, std::size_t& taken, std::string_view& why);
  std::string_view begin_line(char sign, bool inlined);
  std::string_view read_line(std::string_view line);
  std::string_view read_inline(std::string_view line);
  std::string_view read_string(char sign, std::string_view number);
  std::string_view read_aggregate(char sign, std::string_view number);
  void end_element();
  RedisPart& new_part(char sign);
  RedisPart* add_part(char sign);
  // Stores as much of `text` as the limit per value allows.
  void set_text(RedisPart& part, std::string_view text);

  Of of_;
  std::vector<Frame> frames_;
  std::vector<RedisPart> parts_;  // the first count_ belong to this value; the rest are spare
  std::size_t count_ = 0;
  RedisPart* open_ = nullptr;  // the string that is being read, if its text is kept
  std::string line_;           // beginning of an incomplete line
  std::size_t line_size_ = 0;  // bytes of that line so far; line_ may have fewer
  char last_ = 0;              // the last byte of the line
  std::size_t line_at_ = 0;    // offset of the line in the value
  std::size_t at_ = 0;         // bytes of the value so far
  std::size_t left_ = 0;       // bytes of a string still to come, with CRLF
  std::size_t texts_ = 0;      // bytes of text kept in parts
  bool ended_ = true;
};

// Splits an inline command into words, which may be quoted, as redis-cli and telnet send it. False
// if a quote does not end (sdssplitargs() of Redis).
bool split_redis_words(std::string_view line, std::vector<std::string>& words);

}  // namespace brownout::codecs
