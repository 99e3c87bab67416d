// ContentDecoder decompresses an HTTP body (Content-Encoding; RFC 9110, 8.4.1) that arrives in
// pieces. decode_body() (content_coding.h) uses it for whole bodies.
//
// Each call returns everything that can be decoded so far, so that messages in a stream are not
// delayed. The output of a call is bounded, so that a small piece cannot decode to a huge one. No
// I/O; one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/http1/content_coding.h"

namespace brownout::rules {

class ContentDecoder {
 public:
  // `codings` are those of content_codings(), in the order in which they were applied.
  explicit ContentDecoder(const std::vector<ContentCoding>& codings);
  ~ContentDecoder();
  ContentDecoder(ContentDecoder&&) noexcept;

  // Decodes the next piece. Returns an error if it is not valid in its coding, or decodes to more
  // than `most` bytes; the decoder must not be used after that.
  Result<std::string> push(std::string_view bytes, std::size_t most);
  // Whether the compressed data is complete, so that the body may end here.
  bool complete() const;
  // Returns the codings in the order in which they were applied. Known once the body is complete:
  // kDeflate in place of kZlib if it has no header of zlib.
  std::vector<ContentCoding> codings() const;

 private:
  class Layer;
  class ZlibLayer;
  class BrotliLayer;
  std::vector<std::unique_ptr<Layer>> layers_;  // in the order of decoding
};

}  // namespace brownout::rules
