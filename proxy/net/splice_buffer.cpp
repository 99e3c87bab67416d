#include "proxy/net/splice_buffer.h"

#include <fcntl.h>

#include <array>

namespace brownout::proxy {
namespace {

// Size of the pipe in bytes. Larger pipes were no faster on loopback, since the kernel returns
// pages to the pipe one by one.
constexpr int kPipeSize = 256 * 1024;
constexpr unsigned kFlags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

}  // namespace

SpliceBuffer::SpliceBuffer() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return;
  out_ = Fd(ends[0]);
  in_ = Fd(ends[1]);
  const int size = fcntl(in_.get(), F_SETPIPE_SZ, kPipeSize);
  capacity_ = size > 0 ? static_cast<std::size_t>(size) : 65536;
}

ssize_t SpliceBuffer::fill(int source) {
  const auto moved = splice(source, nullptr, in_.get(), nullptr, capacity_, kFlags);
  if (moved > 0) held_ += static_cast<std::size_t>(moved);
  return moved;
}

ssize_t SpliceBuffer::drain(int sink) {
  const auto moved = splice(out_.get(), nullptr, sink, nullptr, held_, kFlags);
  if (moved > 0) held_ -= static_cast<std::size_t>(moved);
  return moved;
}

}  // namespace brownout::proxy
