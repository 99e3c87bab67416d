// Where the body of an HTTP/1 message ends (RFC 9112, 6 and 7): none, so many bytes, chunks, or all
// until the stream ends. The bytes stay the caller's.
//
// Chunk extensions may have white space around ";" and "=" (7.1.1), and are ignored. Bounded: the
// line ahead of a chunk has at most kMostLine bytes, trailers kMostTrailer in kMostFields. No I/O;
// one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/http.h"

namespace brownout::codecs {

class Http1Body {
 public:
  static constexpr std::size_t kMostLine = 16 * 1024;
  static constexpr std::size_t kMostTrailer = 64 * 1024;
  static constexpr std::size_t kMostFields = 256;

  enum class Kind { kNone, kLength, kChunked, kUntilEnd };

  // A body begins; `length` is of kLength.
  void begin(Kind kind, std::uint64_t length = 0);
  Kind kind() const { return kind_; }

  // How many of the bytes are of it: all, or those up to its end. Adds what they hold of it,
  // without chunk framing, borrowed, to `payload`. When why() says something afterwards, it is
  // malformed, and nothing more can be taken.
  std::size_t take(ByteView bytes, std::vector<ByteView>& payload);
  bool ended() const { return at_ == At::kEnd; }
  // "", or what is wrong with it.
  std::string_view why() const { return why_; }
  // Behind chunks, once it has ended.
  const std::vector<rules::HttpHeader>& trailers() const { return trailers_; }

 private:
  enum class At {
    kData,  // `left_` bytes of it
    // The line ahead of a chunk.
    kSize,
    kBehindSize,
    kName,
    kInName,
    kBehindName,
    kValue,
    kInValue,
    kQuoted,
    kEscaped,
    kSizeLf,
    // Behind a chunk.
    kDataCr,
    kDataLf,
    // Behind the last.
    kField,
    kFieldName,
    kFieldValue,
    kFieldLf,
    kLastLf,
    kEnd,
  };

  void read(char c);
  void read_line(char c);
  void read_size(char c);
  void read_extension(char c);
  void behind_value(char c);
  void read_trailer(char c);
  void begin_line();
  void expect(char c, char expected, At next);
  void broken(std::string_view what) { why_ = what; }

  Kind kind_ = Kind::kNone;
  At at_ = At::kEnd;
  std::uint64_t left_ = 0;      // of the body, or of the chunk
  std::size_t line_ = 0;        // bytes of the line ahead of a chunk
  std::size_t digits_ = 0;      // of the chunk's size
  std::size_t in_trailer_ = 0;  // bytes
  std::vector<rules::HttpHeader> trailers_;
  std::string_view why_;
};

}  // namespace brownout::codecs
