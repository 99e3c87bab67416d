#include "proxy/intercept/passing.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace brownout::proxy {
namespace {

constexpr std::size_t kHead = 8;

struct Frame {
  std::array<char, kHead + Parcel::kMostText> bytes{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * Parcel::kMostFds)> control{};
};

}  // namespace

std::pair<Fd, Fd> parcel_pair() {
  std::array<int, 2> ends{-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  return {Fd(ends[0]), Fd(ends[1])};
}

bool send_parcel(const Fd& end, const Parcel& parcel) {
  Frame frame;
  std::memcpy(frame.bytes.data(), &parcel.kind, 4);
  std::memcpy(frame.bytes.data() + 4, &parcel.value, 4);
  const auto length = std::min(parcel.text.size(), Parcel::kMostText);
  std::memcpy(frame.bytes.data() + kHead, parcel.text.data(), length);
  iovec part{frame.bytes.data(), kHead + length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!parcel.fds.empty()) {
    const auto size = sizeof(int) * parcel.fds.size();
    message.msg_control = frame.control.data();
    message.msg_controllen = CMSG_SPACE(size);
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    for (std::size_t i = 0; i < parcel.fds.size(); ++i) {
      const int fd = parcel.fds[i].get();
      std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  while (true) {
    if (sendmsg(end.get(), &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

std::optional<Parcel> receive_parcel(const Fd& end) {
  Frame frame;
  iovec part{frame.bytes.data(), frame.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = frame.control.data();
  message.msg_controllen = frame.control.size();
  ssize_t got = -1;
  do {
    got = recvmsg(end.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < static_cast<ssize_t>(kHead)) return std::nullopt;
  Parcel parcel;
  std::memcpy(&parcel.kind, frame.bytes.data(), 4);
  std::memcpy(&parcel.value, frame.bytes.data() + 4, 4);
  parcel.text.assign(frame.bytes.data() + kHead, static_cast<std::size_t>(got) - kHead);
  const auto* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return parcel;
  const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    parcel.fds.emplace_back(fd);
  }
  return parcel;
}

}  // namespace brownout::proxy
