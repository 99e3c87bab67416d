// Http1Body finds the end of an HTTP/1 message body and extracts its payload (RFC 9112, 6 and 7).
//
// Chunk extensions may have white space around ";" and "=" (7.1.1) and are ignored. Memory is
// bounded: kMostLine, kMostTrailer and kMostFields limit chunk lines and trailers. The body itself
// is never copied. No I/O; one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/http.h"

namespace brownout::codecs {

class Http1Body {
 public:
  // Maximum size in bytes of the line before a chunk.
  static constexpr std::size_t kMostLine = 16 * 1024;
  // Maximum size in bytes of all trailers together.
  static constexpr std::size_t kMostTrailer = 64 * 1024;
  static constexpr std::size_t kMostFields = 256;

  enum class Kind { kNone, kLength, kChunked, kUntilEnd };

  // Begins a body. `length` is its size in bytes, used for kLength only.
  void begin(Kind kind, std::uint64_t length = 0);
  Kind kind() const { return kind_; }

  // Returns how many of the bytes belong to the body. Appends views of the payload in `bytes`,
  // without chunk framing. If why() is not empty afterwards, the body is malformed and cannot
  // continue.
  std::size_t take(ByteView bytes, std::vector<ByteView>& payload);
  bool ended() const { return at_ == At::kEnd; }
  // Returns why the body is malformed, or "".
  std::string_view why() const { return why_; }
  // Returns the trailers of a chunked body, once it has ended.
  const std::vector<rules::HttpHeader>& trailers() const { return trailers_; }

 private:
  enum class At {
    kData,  // the next `left_` bytes are payload
    // The parser states below are for the line before a chunk.
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
    // The parser states below are for the line end after the data of a chunk.
    kDataCr,
    kDataLf,
    // The parser states below are for the trailers after the last chunk.
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
  std::uint64_t left_ = 0;      // number of bytes left of the body or the chunk
  std::size_t line_ = 0;        // bytes read of the line before a chunk
  std::size_t digits_ = 0;      // digits read of the chunk size
  std::size_t in_trailer_ = 0;  // bytes read of the trailers
  std::vector<rules::HttpHeader> trailers_;
  std::string_view why_;
};

}  // namespace brownout::codecs
