// RedisScan splits the bytes of one direction of a Redis connection into values. The client sends
// commands (arrays of bulk strings, or inline commands); the server sends replies in RESP2 or RESP3
// (Redis serialization protocol specification, for Redis 7.0). Streamed types, which no server
// sends, are a protocol violation.
//
// The result does not depend on how reads split the stream. Only the beginnings of the first parts
// of a value are stored, whatever its size. Nesting is limited to kMostDepth levels. Owned by a
// codec or a RequestWatch; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

// A part of a value: the value itself, or one of its elements if it is an array, map or set.
struct RedisPart {
  char sign = 0;          // RESP type, the first byte; 'i' for an inline command and its words
  std::string text = {};  // beginning of a string, or the line without its type byte
  // Offsets in bytes from the beginning of the whole value: `head` of the part's type byte, `body`
  // of the data after its first line. `size` is the size of the data, or the number of elements.
  std::size_t head = 0;
  std::size_t body = 0;
  std::size_t size = 0;
  bool null = false;

  bool whole() const { return text.size() == size; }
};

class RedisScan {
 public:
  static constexpr std::size_t kMostDepth = 128;
  static constexpr std::size_t kMostInline = 64 << 10;  // PROTO_INLINE_MAX_SIZE of redis-server
  static constexpr std::size_t kMostText = 1 << 10;     // bytes of text stored for one part
  static constexpr std::size_t kMostParts = 16 << 10;

  enum class Of { kClient, kServer };
  explicit RedisScan(Of of) : of_(of) {}

  struct Step {
    std::size_t taken = 0;
    bool ended = false;            // whether a value ends with the taken bytes
    std::string_view broken = {};  // why the bytes violate RESP; nothing more can be parsed
  };
  // Takes bytes up to the end of the value or of `bytes`.
  Step next(ByteView bytes);
  // Returns the parts of the value that has ended: the value itself and its direct elements,
  // without attributes. Valid until next().
  std::span<const RedisPart> parts() const { return {parts_.data(), count_}; }
  // Returns the number of bytes of the current string that have not arrived yet.
  std::size_t left() const { return left_; }

 private:
  struct Frame {
    std::uint64_t left = 0;  // number of elements that have not ended yet
    bool attribute = false;  // whether this is an attribute of the value that follows
  };

  void begin();
  std::size_t read_whole_command(ByteView bytes);
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
  // Stores the beginning of `text`, as much as the limit for a whole value allows.
  void set_text(RedisPart& part, std::string_view text);

  Of of_;
  std::vector<Frame> frames_;
  // The first count_ belong to the current value; the others are spare.
  std::vector<RedisPart> parts_;
  std::size_t count_ = 0;
  RedisPart* open_ = nullptr;  // part of the string that is being read; null if it is not stored
  std::string line_;           // beginning of an incomplete line
  std::size_t line_size_ = 0;  // size so far of that line, of which line_ may have fewer bytes
  char last_ = 0;              // last byte so far of that line
  std::size_t line_at_ = 0;    // offset of that line in the value
  std::size_t at_ = 0;         // number of bytes of the value taken so far
  std::size_t left_ = 0;       // number of bytes left of the current string, with its CRLF
  std::size_t texts_ = 0;      // number of bytes of text stored in parts_
  bool ended_ = true;
};

// Splits an inline command, as redis-cli and telnet send it, into words, which may be quoted.
// Returns false if a quote does not end (sdssplitargs() of Redis).
bool split_redis_words(std::string_view line, std::vector<std::string>& words);

}  // namespace brownout::codecs
