#include "rules/protocols/http1/content_coding.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "rules/base/diagnostics.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {
namespace {

constexpr std::size_t kMostCodings = 2;
constexpr std::size_t kPieceSize = 16 * 1024;
// A compromise between speed and size, as servers that compress each response choose it.
constexpr int kBrotliQuality = 5;

// The value of windowBits that tells zlib the format.
int window_of(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kGzip:
      return MAX_WBITS + 16;
    case ContentCoding::kDeflate:
      return -MAX_WBITS;
    default:
      return MAX_WBITS;
  }
}

tl::unexpected<Error> too_long(std::size_t most) {
  return config_error("the decoded body has more than " + std::to_string(most) + " bytes");
}

tl::unexpected<Error> not_in(std::string_view coding) {
  return config_error("the body is not valid in its content coding " + std::string(coding));
}

struct Inflate {
  explicit Inflate(int window) : ready(inflateInit2(&stream, window) == Z_OK) {}
  ~Inflate() {
    if (ready) inflateEnd(&stream);
  }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;
  z_stream stream{};
  const bool ready;
};

void set_input(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

Result<std::string> inflated(std::string_view body, ContentCoding coding, std::size_t most) {
  const auto name = coding == ContentCoding::kGzip ? "gzip" : "deflate";
  Inflate inflater(window_of(coding));
  if (!inflater.ready || body.size() > std::numeric_limits<uInt>::max()) return not_in(name);
  auto& stream = inflater.stream;
  set_input(stream, body);
  std::string text;
  std::array<char, kPieceSize> piece;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const auto result = inflate(&stream, Z_NO_FLUSH);
    text.append(piece.data(), piece.size() - stream.avail_out);
    if (text.size() > most) return too_long(most);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return text;
      // A gzip body may consist of several members (RFC 1952, 2.2).
      if (coding != ContentCoding::kGzip || inflateReset(&stream) != Z_OK) return not_in(name);
      continue;
    }
    if (result != Z_OK) return not_in(name);
  }
}

Result<std::string> deflated(std::string_view text, ContentCoding coding) {
  z_stream stream{};
  constexpr int kMemoryLevel = 8;
  if (text.size() > std::numeric_limits<uInt>::max() ||
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_of(coding), kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return config_error("no memory to compress the body");
  }
  std::string body(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  set_input(stream, text);
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  const auto result = deflate(&stream, Z_FINISH);
  body.resize(body.size() - stream.avail_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return config_error("the body could not be compressed (zlib)");
  return body;
}

Result<std::string> from_brotli(std::string_view body, std::size_t most) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  if (!state) return config_error("no memory to decode the body");
  const auto* in = reinterpret_cast<const std::uint8_t*>(body.data());
  auto left = body.size();
  std::string text;
  std::array<std::uint8_t, kPieceSize> piece;
  while (true) {
    auto* out = piece.data();
    auto space = piece.size();
    const auto result =
        BrotliDecoderDecompressStream(state.get(), &left, &in, &space, &out, nullptr);
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size() - space);
    if (text.size() > most) return too_long(most);
    if (result == BROTLI_DECODER_RESULT_SUCCESS && left == 0) return text;
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return not_in("br");
  }
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
  auto codings = content_codings(content_encoding);
  if (!codings) return tl::unexpected(codings.error());
  PlainBody plain{std::string(body), std::move(*codings)};
  if (plain.text.size() > most) return too_long(most);
  for (auto coding = plain.codings.rbegin(); coding != plain.codings.rend(); ++coding) {
    auto text = *coding == ContentCoding::kBrotli ? from_brotli(plain.text, most)
                                                  : inflated(plain.text, *coding, most);
    if (!text && *coding == ContentCoding::kZlib) {
      auto raw = inflated(plain.text, ContentCoding::kDeflate, most);
      if (raw) {
        text = std::move(raw);
        *coding = ContentCoding::kDeflate;
      }
    }
    if (!text) return tl::unexpected(text.error());
    plain.text = std::move(*text);
  }
  return plain;
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
