// The values of RESP in a stream, one after the other: of a client commands (arrays of bulk
// strings, or inline commands), of a server replies of RESP2 and RESP3 (Redis serialization
// protocol specification, 7.0). Streamed types, which no server sends, are broken.
//
// Incremental; of a value only the beginnings of its first parts are kept, whatever its size.
// Nesting is at most kMostDepth deep.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

// A value that is no aggregate, or the head of one.
struct RedisPart {
  char sign = 0;          // its first byte; 'i' of an inline command and its words
  std::string text = {};  // the beginning of a string, all of a line, without the sign
  // In bytes from the beginning of the whole value: its head, and what stands behind the head, of
  // an aggregate, the number of its elements.
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
  static constexpr std::size_t kMostText = 1 << 10;     // of what is kept of one part
  static constexpr std::size_t kMostParts = 16 << 10;

  enum class Of { kClient, kServer };
  explicit RedisScan(Of of) : of_(of) {}

  struct Step {
    std::size_t taken = 0;
    bool ended = false;            // the value, behind what was taken
    std::string_view broken = {};  // why it is no RESP; nothing can be read behind it
  };
  // Goes on, to the end of the value or of `bytes`.
  Step next(ByteView bytes);
  // Of the value that ended: itself, and what it directly contains; attributes ahead of them are
  // left out. Valid until next().
  std::span<const RedisPart> parts() const { return {parts_.data(), count_}; }
  // How much of a string is still to come.
  std::size_t left() const { return left_; }

 private:
  struct Frame {
    std::uint64_t left = 0;  // elements
    bool attribute = false;  // about the value behind it
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
  // A part of which all of `text` is kept that has room.
  void set_text(RedisPart& part, std::string_view text);

  Of of_;
  std::vector<Frame> frames_;
  std::vector<RedisPart> parts_;  // the first count_ are of this value, the rest keep their memory
  std::size_t count_ = 0;
  RedisPart* open_ = nullptr;  // the string that is being read, if its text is kept
  std::string line_;           // of which the end has not come
  std::size_t line_size_ = 0;  // of which line_ is the beginning
  char last_ = 0;              // the last byte of the line
  std::size_t line_at_ = 0;    // where it begins
  std::size_t at_ = 0;         // bytes of the value so far
  std::size_t left_ = 0;       // of a string, with its CRLF
  std::size_t texts_ = 0;      // bytes in parts
  bool ended_ = true;
};

// The words of an inline command, which may be in quotes, as redis-cli and telnet send them; none
// if quotes do not end (sdssplitargs() of Redis).
bool split_redis_words(std::string_view line, std::vector<std::string>& words);

}  // namespace brownout::codecs
