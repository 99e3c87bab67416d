#include "rules/protocols/http1/content_decoder.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <array>
#include <limits>
#include <utility>

namespace brownout::rules {
namespace {

constexpr std::size_t kDecodedPiece = 16 * 1024;
// Size of the header that shows whether deflate has the form of zlib (RFC 1950, 2.2).
constexpr std::size_t kZlibHeader = 2;

bool has_zlib_header(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  return (first & 0x0f) == Z_DEFLATED && (first * 256 + second) % 31 == 0;
}

tl::unexpected<Error> not_decodable(std::string_view coding) {
  return config_error("the body is not valid in its content coding " + std::string(coding));
}

tl::unexpected<Error> decodes_to_too_much(std::size_t most) {
  return config_error("the body decodes to more than " + std::to_string(most) + " bytes at once");
}

}  // namespace

class ContentDecoder::Layer {
 public:
  virtual ~Layer() = default;
  virtual Result<std::string> push(std::string_view bytes, std::size_t most) = 0;
  virtual bool complete() const = 0;
  virtual ContentCoding coding() const = 0;
};

class ContentDecoder::ZlibLayer final : public Layer {
 public:
  explicit ZlibLayer(ContentCoding coding) : coding_(coding) {}
  ~ZlibLayer() override {
    if (ready_) inflateEnd(&stream_);
  }

  Result<std::string> push(std::string_view bytes, std::size_t most) override {
    std::string begin;
    if (!ready_) {
      begin_ += bytes;
      if (begin_.size() < kZlibHeader) return std::string();
      if (!start()) return not_decodable(name());
      begin = std::exchange(begin_, {});
      bytes = begin;
    }
    return inflate_all(bytes, most);
  }
  bool complete() const override { return ended_ || (!ready_ && begin_.empty()); }
  ContentCoding coding() const override { return coding_; }

 private:
  bool gzip() const { return coding_ == ContentCoding::kGzip; }
  std::string_view name() const { return gzip() ? "gzip" : "deflate"; }
  // Some servers send deflate without the header of zlib.
  bool start() {
    if (!gzip() && !has_zlib_header(begin_)) coding_ = ContentCoding::kDeflate;
    ready_ = inflateInit2(&stream_, zlib_window_of(coding_)) == Z_OK;
    return ready_;
  }
  Result<std::string> inflate_all(std::string_view bytes, std::size_t most) {
    if (bytes.size() > std::numeric_limits<uInt>::max()) return decodes_to_too_much(most);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::string text;
    std::array<char, kDecodedPiece> piece;
    do {
      // A gzip body may consist of several members (RFC 1952, 2.2).
      if (ended_ && stream_.avail_in > 0) {
        if (!gzip() || inflateReset(&stream_) != Z_OK) return not_decodable(name());
        ended_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = static_cast<uInt>(piece.size());
      const auto result = ended_ ? Z_STREAM_END : inflate(&stream_, Z_NO_FLUSH);
      text.append(piece.data(), piece.size() - stream_.avail_out);
      if (text.size() > most) return decodes_to_too_much(most);
      ended_ = result == Z_STREAM_END;
      if (!ended_ && result != Z_OK && result != Z_BUF_ERROR) return not_decodable(name());
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return text;
  }

  ContentCoding coding_;
  bool ready_ = false;
  bool ended_ = false;
  std::string begin_;  // the first bytes, until there are enough to tell the format
  z_stream stream_{};
};

class ContentDecoder::BrotliLayer final : public Layer {
 public:
  Result<std::string> push(std::string_view bytes, std::size_t most) override {
    if (!state_) return config_error("no memory to decode the body");
    if (bytes.empty()) return std::string();
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    auto left = bytes.size();
    std::string text;
    std::array<std::uint8_t, kDecodedPiece> piece;
    while (true) {
      auto* out = piece.data();
      auto space = piece.size();
      const auto result =
          BrotliDecoderDecompressStream(state_.get(), &left, &in, &space, &out, nullptr);
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size() - space);
      if (text.size() > most) return decodes_to_too_much(most);
      if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
      began_ = true;
      ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
      if (ended_ ? left == 0 : result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) return text;
      return not_decodable("br");
    }
  }
  bool complete() const override { return ended_ || !began_; }
  ContentCoding coding() const override { return ContentCoding::kBrotli; }

 private:
  std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state_{
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance};
  bool began_ = false;
  bool ended_ = false;
};

ContentDecoder::ContentDecoder(const std::vector<ContentCoding>& codings) {
  for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding) {
    if (*coding == ContentCoding::kBrotli) {
      layers_.push_back(std::make_unique<BrotliLayer>());
    } else {
      layers_.push_back(std::make_unique<ZlibLayer>(*coding));
    }
  }
}

ContentDecoder::~ContentDecoder() = default;
ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;

Result<std::string> ContentDecoder::push(std::string_view bytes, std::size_t most) {
  if (bytes.size() > most) return decodes_to_too_much(most);
  Result<std::string> text = std::string(bytes);
  for (const auto& layer : layers_) {
    text = layer->push(*text, most);
    if (!text) break;
  }
  return text;
}

bool ContentDecoder::complete() const {
  for (const auto& layer : layers_) {
    if (!layer->complete()) return false;
  }
  return true;
}

std::vector<ContentCoding> ContentDecoder::codings() const {
  std::vector<ContentCoding> all;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
    all.push_back((*layer)->coding());
  }
  return all;
}

}  // namespace brownout::rules
