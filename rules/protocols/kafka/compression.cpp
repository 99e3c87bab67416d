#include "rules/protocols/kafka/compression.h"

#include <lz4frame.h>
#include <snappy.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "rules/protocols/kafka/record_wire.h"

namespace brownout::rules {
namespace {

using RecordsText = Result<std::string>;

constexpr std::size_t kRecordPiece = 64 * 1024;
constexpr int kGzipWindow = MAX_WBITS + 16;  // tells zlib the format

tl::unexpected<Error> records_error(std::string what) {
  return tl::unexpected(Error{Origin::kInternal, std::move(what), {}, {}});
}

tl::unexpected<Error> malformed_records(std::string_view format) {
  return records_error("the compressed records are not valid " + std::string(format));
}

tl::unexpected<Error> records_beyond(std::size_t most) {
  return records_error("the decompressed records have more than " + std::to_string(most) +
                       " bytes");
}

tl::unexpected<Error> no_record_memory() { return records_error("no memory to compress records"); }

struct GzipReader {
  GzipReader() : ready(inflateInit2(&stream, kGzipWindow) == Z_OK) {}
  ~GzipReader() {
    if (ready) inflateEnd(&stream);
  }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;
  z_stream stream{};
  const bool ready;
};

void set_gzip_input(z_stream& stream, std::string_view text) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
}

RecordsText from_gzip(std::string_view text, std::size_t most) {
  GzipReader reader;
  if (!reader.ready || text.size() > std::numeric_limits<uInt>::max())
    return malformed_records("gzip");
  auto& stream = reader.stream;
  set_gzip_input(stream, text);
  std::string plain;
  std::array<char, kRecordPiece> piece;
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const auto result = inflate(&stream, Z_NO_FLUSH);
    plain.append(piece.data(), piece.size() - stream.avail_out);
    if (plain.size() > most) return records_beyond(most);
    if (result != Z_OK && result != Z_STREAM_END) return malformed_records("gzip");
    if (result == Z_OK) continue;
    if (stream.avail_in == 0) return plain;
    // The text may consist of several members (RFC 1952, 2.2).
    if (inflateReset(&stream) != Z_OK) return malformed_records("gzip");
  }
}

RecordsText to_gzip(std::string_view text) {
  z_stream stream{};
  constexpr int kMemoryLevel = 8;  // the default of zlib
  if (text.size() > std::numeric_limits<uInt>::max() ||
      deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return no_record_memory();
  }
  std::string compressed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  set_gzip_input(stream, text);
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const auto result = deflate(&stream, Z_FINISH);
  compressed.resize(compressed.size() - stream.avail_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return no_record_memory();
  return compressed;
}

// Begins the text that snappy-java writes: a magic word, then its version and the lowest version
// that can read it. Blocks follow, each behind its length in 4 bytes.
constexpr std::string_view kXerialMagic{"\x82SNAPPY\0", 8};
constexpr std::size_t kXerialVersions = 8;
constexpr std::size_t kXerialBlock = 32 * 1024;  // the block size of snappy-java

// Appends the decompressed block. Returns the error, if any.
std::optional<Error> add_snappy(std::string_view block, std::size_t most, std::string& plain) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &size)) {
    return malformed_records("snappy").value();
  }
  if (size > most - plain.size()) return records_beyond(most).value();
  // A copy of at most 64 bytes takes 3, so a longer output is a lie that would cost memory.
  constexpr std::size_t kMostGrowth = 22;
  if (size / kMostGrowth > block.size()) return malformed_records("snappy").value();
  const auto before = plain.size();
  plain.resize(before + size);
  if (!snappy::RawUncompress(block.data(), block.size(), plain.data() + before)) {
    return malformed_records("snappy").value();
  }
  return std::nullopt;
}

RecordsText from_snappy(std::string_view text, std::size_t most) {
  std::string plain;
  if (!text.starts_with(kXerialMagic)) {
    if (auto error = add_snappy(text, most, plain)) return tl::unexpected(std::move(*error));
    return plain;
  }
  RecordReader reader(text.substr(kXerialMagic.size()));
  reader.bytes(kXerialVersions);
  while (reader.ok() && !reader.done()) {
    const auto block = reader.behind_number();
    if (!reader.ok() || !block) return malformed_records("snappy");
    if (auto error = add_snappy(*block, most, plain)) return tl::unexpected(std::move(*error));
  }
  if (!reader.ok()) return malformed_records("snappy");
  return plain;
}

std::string to_snappy(std::string_view text) {
  RecordWriter writer;
  writer.bytes(kXerialMagic);
  writer.number(std::int32_t{1});
  writer.number(std::int32_t{1});
  std::string block;
  for (; !text.empty(); text.remove_prefix(std::min(kXerialBlock, text.size()))) {
    const auto piece = text.substr(0, kXerialBlock);
    snappy::Compress(piece.data(), piece.size(), &block);
    writer.behind_number(block);
  }
  return writer.take();
}

// Positions in an lz4 frame (lz4_Frame_format.md): a magic word, two bytes of flags, an optional
// content size and dictionary id, and a checksum of the flags and of these.
constexpr std::size_t kLz4Flags = 4;

// Returns the position of the header checksum; no value if the text has no whole header.
std::optional<std::size_t> lz4_checksum_at(std::string_view text) {
  constexpr unsigned kContentSize = 0x08;
  constexpr unsigned kDictionary = 0x01;
  if (text.size() <= kLz4Flags) return std::nullopt;
  const auto flags = static_cast<unsigned char>(text[kLz4Flags]);
  auto at = kLz4Flags + 2;
  if ((flags & kContentSize) != 0) at += 8;
  if ((flags & kDictionary) != 0) at += 4;
  if (at >= text.size()) return std::nullopt;
  return at;
}

// Sets the header checksum over the bytes from `from` on: kLz4Flags is right, and 0 is the mistake
// of Kafka clients that write message sets v0.
void set_lz4_checksum(std::string& frame, std::size_t from) {
  const auto at = lz4_checksum_at(frame);
  if (!at) return;
  frame[*at] = static_cast<char>(XXH32(frame.data() + from, *at - from, 0) >> 8U);
}

RecordsText from_lz4(std::string_view text, std::size_t most) {
  LZ4F_dctx* made = nullptr;
  const bool failure = LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0;
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      made, &LZ4F_freeDecompressionContext);
  if (failure) return no_record_memory();
  std::string plain;
  std::array<char, kRecordPiece> piece;
  while (true) {
    auto made_size = piece.size();
    auto used = text.size();
    const auto left =
        LZ4F_decompress(context.get(), piece.data(), &made_size, text.data(), &used, nullptr);
    if (LZ4F_isError(left) != 0) return malformed_records("lz4");
    plain.append(piece.data(), made_size);
    text.remove_prefix(used);
    if (plain.size() > most) return records_beyond(most);
    if (left == 0 && text.empty()) return plain;
    if (made_size == 0 && used == 0) return malformed_records("lz4");
  }
}

RecordsText to_lz4(std::string_view text) {
  // The Java client reads only independent blocks.
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  std::string compressed(LZ4F_compressFrameBound(text.size(), &preferences), '\0');
  const auto size = LZ4F_compressFrame(compressed.data(), compressed.size(), text.data(),
                                       text.size(), &preferences);
  if (LZ4F_isError(size) != 0) return no_record_memory();
  compressed.resize(size);
  return compressed;
}

RecordsText from_zstd(std::string_view text, std::size_t most) {
  // The library refuses windows of more than 128 MiB, and touches only as much as it decompresses.
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (!context) return no_record_memory();
  std::string plain;
  std::array<char, kRecordPiece> piece;
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  while (true) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    const auto before = in.pos;
    const auto left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return malformed_records("zstd");
    plain.append(piece.data(), out.pos);
    if (plain.size() > most) return records_beyond(most);
    if (left == 0 && in.pos == in.size) return plain;
    if (out.pos == 0 && in.pos == before) return malformed_records("zstd");
  }
}

RecordsText to_zstd(std::string_view text) {
  std::string compressed(ZSTD_compressBound(text.size()), '\0');
  const auto size = ZSTD_compress(compressed.data(), compressed.size(), text.data(), text.size(),
                                  ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size) != 0) return no_record_memory();
  compressed.resize(size);
  return compressed;
}

}  // namespace

Result<std::string> decompress_records(KafkaCompression compression, std::int8_t magic,
                                       std::string_view text, std::size_t most) {
  switch (compression) {
    case KafkaCompression::kNone:
      return text.size() > most ? RecordsText(records_beyond(most))
                                : RecordsText(std::string(text));
    case KafkaCompression::kGzip:
      return from_gzip(text, most);
    case KafkaCompression::kSnappy:
      return from_snappy(text, most);
    case KafkaCompression::kLz4: {
      if (magic > 0) return from_lz4(text, most);
      std::string frame(text);
      set_lz4_checksum(frame, kLz4Flags);
      return from_lz4(frame, most);
    }
    case KafkaCompression::kZstd:
      return from_zstd(text, most);
  }
  return records_error("the compression of the records is unknown");
}

Result<std::string> compress_records(KafkaCompression compression, std::int8_t magic,
                                     std::string_view text) {
  switch (compression) {
    case KafkaCompression::kNone:
      return std::string(text);
    case KafkaCompression::kGzip:
      return to_gzip(text);
    case KafkaCompression::kSnappy:
      return to_snappy(text);
    case KafkaCompression::kLz4: {
      auto frame = to_lz4(text);
      if (frame && magic == 0) set_lz4_checksum(*frame, 0);
      return frame;
    }
    case KafkaCompression::kZstd:
      return to_zstd(text);
  }
  return records_error("the compression of the records is unknown");
}

}  // namespace brownout::rules
