#include "rules/protocols/http1/content_coding.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "rules/base/diagnostics.h"
#include "rules/protocols/http1/content_decoder.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {
namespace {

constexpr std::size_t kMostCodings = 2;
// A compromise between speed and size, as servers that compress each response choose it.
constexpr int kBrotliQuality = 5;

Result<std::string> deflated(std::string_view text, ContentCoding coding) {
  z_stream stream{};
  constexpr int kMemoryLevel = 8;
  if (text.size() > std::numeric_limits<uInt>::max() ||
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, zlib_window_of(coding), kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return config_error("no memory to compress the body");
  }
  std::string body(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  const auto result = deflate(&stream, Z_FINISH);
  body.resize(body.size() - stream.avail_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return config_error("the body could not be compressed (zlib)");
  return body;
}

Result<std::string> to_brotli(std::string_view text) {
  auto size = BrotliEncoderMaxCompressedSize(text.size());
  std::string body(size, '\0');
  const bool done =
      BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.size(),
                            reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                            reinterpret_cast<std::uint8_t*>(body.data()));
  if (size == 0 || !done) return config_error("no memory to compress the body");
  body.resize(size);
  return body;
}

}  // namespace

int zlib_window_of(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return MAX_WBITS + 16;
    case ContentCoding::kDeflate:
      return -MAX_WBITS;
    default:
      return MAX_WBITS;
  }
}

Result<std::vector<ContentCoding>> content_codings(std::string_view content_encoding) {
  std::vector<ContentCoding> codings;
  while (!content_encoding.empty()) {
    auto name = content_encoding.substr(0, content_encoding.find(','));
    content_encoding.remove_prefix(std::min(name.size() + 1, content_encoding.size()));
    while (name.starts_with(' ') || name.starts_with('\t')) name.remove_prefix(1);
    while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
    if (name.empty() || same_header_name(name, "identity")) continue;
    if (same_header_name(name, "gzip") || same_header_name(name, "x-gzip")) {
      codings.push_back(ContentCoding::kGzip);
    } else if (same_header_name(name, "deflate")) {
      codings.push_back(ContentCoding::kZlib);
    } else if (same_header_name(name, "br")) {
      codings.push_back(ContentCoding::kBrotli);
    } else {
      return config_error("the content coding " + in_quotes(name) + " is not gzip, deflate or br");
    }
  }
  if (codings.size() > kMostCodings)
    return config_error("the body has more than two content codings");
  return codings;
}

Result<PlainBody> decode_body(std::string_view content_encoding, std::string_view body,
                              std::size_t most) {
  const auto codings = content_codings(content_encoding);
  if (!codings) return tl::unexpected(codings.error());
  ContentDecoder decoder(*codings);
  auto text = decoder.push(body, most);
  if (!text) return tl::unexpected(text.error());
  const bool whole = decoder.complete() && (codings->empty() || !body.empty());
  if (!whole) {
    return config_error("the body is not valid in its content coding " +
                        std::string(content_encoding));
  }
  return PlainBody{std::move(*text), decoder.codings()};
}

Result<std::string> encode_body(const PlainBody& body) {
  Result<std::string> coded = body.text;
  for (const auto coding : body.codings) {
    coded = coding == ContentCoding::kBrotli ? to_brotli(*coded) : deflated(*coded, coding);
    if (!coded) break;
  }
  return coded;
}

}  // namespace brownout::rules
