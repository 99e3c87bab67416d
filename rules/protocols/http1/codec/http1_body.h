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
  static constexpr std::size_t kMostLine = 16 * 1024;     // bytes of the line before a chunk
  static constexpr std::size_t kMostTrailer = 64 * 1024;  // bytes of all trailers
  static constexpr std::size_t kMostFields = 256;

  enum class Kind { kNone, kLength, kChunked, kUntilEnd };

  // Begins a body; `length` is in bytes, for kLength.
  void begin(Kind kind, std::uint64_t length = 0);
  Kind kind() const { return kind_; }

  // Returns the number of bytes that belong to the body: all, or those up to its end. Appends views
  // of the payload in `bytes`, without chunk framing. If why() is not empty afterwards, the body is
  // malformed and cannot go on.
  std::size_t take(ByteView bytes, std::vector<ByteView>& payload);
  bool ended() const { return at_ == At::kEnd; }
  // Why the body is malformed, or "".
  std::string_view why() const { return why_; }
  // The trailers of a chunked body, once it has ended.
  const std::vector<rules::HttpHeader>& trailers() const { return trailers_; }

 private:
  enum class At {
    kData,  // `left_` bytes of payload follow
    // The line before a chunk.
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
    // After a chunk.
    kDataCr,
    kDataLf,
    // After the last chunk.
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
  std::uint64_t left_ = 0;      // bytes left of the body or the chunk
  std::size_t line_ = 0;        // bytes of the line before a chunk
  std::size_t digits_ = 0;      // digits of the chunk size
  std::size_t in_trailer_ = 0;  // bytes of the trailers
  std::vector<rules::HttpHeader> trailers_;
  std::string_view why_;
};

}  // namespace brownout::codecs
