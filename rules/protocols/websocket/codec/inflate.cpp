#include "rules/protocols/websocket/codec/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace brownout::codecs {
namespace {

// The empty DEFLATE block that ends each message. Senders omit it (RFC 7692, 7.2.2).
constexpr std::array kEmptyBlock{std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

}  // namespace

struct Inflater::State {
  // A negative window size means raw DEFLATE (RFC 1951), with any window up to the largest.
  State() : made(inflateInit2(&stream, -MAX_WBITS) == Z_OK), ready(made) {}
  ~State() {
    if (made) inflateEnd(&stream);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  const bool made;
  bool ready;  // whether the decompressor can continue; false after an error
  // Whether the message ended with a block marked as the last of the stream (RFC 7692, 7.2.3.4).
  bool last_block = false;
};

Inflater::Inflater() = default;
Inflater::~Inflater() = default;

bool Inflater::add(ByteView bytes, Bytes* into, std::size_t most) {
  if (!state_) state_ = std::make_unique<State>();
  auto& stream = state_->stream;
  auto& ready = state_->ready;
  auto& last_block = state_->last_block;
  std::array<std::byte, 16 * 1024> out;
  while (ready && !last_block) {
    const auto piece = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(piece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const auto result = inflate(&stream, Z_SYNC_FLUSH);
    // Z_BUF_ERROR means that the output space or the input is used up. It is not fatal.
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) ready = false;
    bytes = bytes.subspan(piece - stream.avail_in);
    const auto made = out.size() - stream.avail_out;
    if (into != nullptr) {
      if (into->size() + made > most) ready = false;
      into->insert(into->end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(made));
    }
    last_block = result == Z_STREAM_END;
    if (bytes.empty() && stream.avail_out > 0) break;
  }
  return ready;
}

bool Inflater::end_message(Bytes* into, std::size_t most) {
  if (!add(kEmptyBlock, into, most)) return false;
  if (std::exchange(state_->last_block, false)) forget();
  return state_->ready;
}

void Inflater::forget() {
  if (state_ && inflateReset(&state_->stream) != Z_OK) state_->ready = false;
}

}  // namespace brownout::codecs
