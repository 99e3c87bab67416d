// Decodes and encodes compressed HTTP bodies (Content-Encoding): gzip, deflate, br and identity
// (RFC 9110, 8.4.1; RFC 7932). Output is bounded, so that a small body cannot decode to a huge one.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/base/result.h"

namespace brownout::rules {

enum class ContentCoding {
  kGzip,
  kZlib,     // the coding "deflate" as the RFC defines it, with a zlib header
  kDeflate,  // the coding "deflate" without the zlib header, as some servers send it
  kBrotli,
};

// Returns the value of windowBits that tells zlib the format. Not for Brotli.
int zlib_window_of(ContentCoding coding);

// A body without its codings.
struct PlainBody {
  std::string text;
  std::vector<ContentCoding> codings;  // in the order in which they were applied
};

// Returns the codings that the value of a Content-Encoding header lists, without identity. Their
// order is that of the header, in which they were applied to the body (RFC 9110, 8.4). Returns an
// error if a coding is unknown, or if there are more than two.
Result<std::vector<ContentCoding>> content_codings(std::string_view content_encoding);

// Decodes a body. Returns an error if the coding is unknown, the body is not valid in it, or the
// result is longer than `most` bytes.
Result<PlainBody> decode_body(std::string_view content_encoding, std::string_view body,
                              std::size_t most);
// Encodes the text with the same codings in the same order. Returns an error only if memory is
// short.
Result<std::string> encode_body(const PlainBody& body);

}  // namespace brownout::rules
