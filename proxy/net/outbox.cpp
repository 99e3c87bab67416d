#include "proxy/net/outbox.h"

#include <cerrno>

namespace brownout::proxy {
namespace {

constexpr std::size_t kStaged = 16 * 1024;

}  // namespace

void Outbox::write(Stream& stream, std::span<const std::byte> bytes) {
  if (staged_.size() + bytes.size() <= kStaged) {
    staged_.insert(staged_.end(), bytes.begin(), bytes.end());
    return;
  }
  if (send_staged(stream) && pending_.empty() && !send_now(stream, bytes)) return;
  if (!bytes.empty()) pending_.push(rules::Chunk::copy_of(bytes));
}

bool Outbox::flush(Stream& stream) {
  while (error_ == 0 && !pending_.empty()) {
    auto bytes = pending_.front().bytes();
    const auto all = bytes.size();
    send_now(stream, bytes);
    pending_.consume(all - bytes.size());
    if (!bytes.empty()) break;
  }
  if (error_ == 0 && pending_.empty()) send_staged(stream);
  errno = error_;
  return error_ == 0;
}

void Outbox::clear() {
  staged_.clear();
  pending_.clear();
  error_ = 0;
}

// Sends staged_; appends to pending_ what the socket does not accept. Returns false if the
// connection is broken.
bool Outbox::send_staged(Stream& stream) {
  if (staged_.empty()) return error_ == 0;
  std::span<const std::byte> bytes = staged_;
  if (pending_.empty() && !send_now(stream, bytes)) return false;
  if (!bytes.empty()) pending_.push(rules::Chunk::copy_of(bytes));
  staged_.clear();
  return error_ == 0;
}

// Sends what the socket accepts, and removes that from `bytes`. Returns false if the connection is
// broken.
bool Outbox::send_now(Stream& stream, std::span<const std::byte>& bytes) {
  while (error_ == 0 && !bytes.empty()) {
    const auto sent = stream.send(bytes);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  return error_ == 0;
}

}  // namespace brownout::proxy
