#include "proxy/intercept/envelope.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/loop/write_all.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kHead = 8;

struct Frame {
  std::array<char, kHead + Envelope::kMostText> bytes{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * Envelope::kMostFds)> control{};
};

}  // namespace

std::pair<Fd, Fd> channel_pair() {
  std::array<int, 2> ends{-1, -1};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  return {Fd(ends[0]), Fd(ends[1])};
}

bool send_envelope(const Fd& end, const Envelope& envelope) {
  Frame frame;
  std::memcpy(frame.bytes.data(), &envelope.kind, 4);
  std::memcpy(frame.bytes.data() + 4, &envelope.value, 4);
  const auto length = std::min(envelope.text.size(), Envelope::kMostText);
  std::memcpy(frame.bytes.data() + kHead, envelope.text.data(), length);
  iovec part{frame.bytes.data(), kHead + length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!envelope.fds.empty()) {
    const auto size = sizeof(int) * envelope.fds.size();
    message.msg_control = frame.control.data();
    message.msg_controllen = CMSG_SPACE(size);
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    for (std::size_t i = 0; i < envelope.fds.size(); ++i) {
      const int fd = envelope.fds[i].get();
      std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  while (true) {
    if (sendmsg(end.get(), &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

std::optional<Envelope> receive_envelope(const Fd& end) {
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
  if (got == 0) errno = EPIPE;  // recvmsg(2) sets no error at the end
  if (got < static_cast<ssize_t>(kHead)) return std::nullopt;
  Envelope envelope;
  std::memcpy(&envelope.kind, frame.bytes.data(), 4);
  std::memcpy(&envelope.value, frame.bytes.data() + 4, 4);
  envelope.text.assign(frame.bytes.data() + kHead, static_cast<std::size_t>(got) - kHead);
  const auto* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return envelope;
  const auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    envelope.fds.emplace_back(fd);
  }
  return envelope;
}

Fd file_with(std::string_view text) {
  Fd file(memfd_create("brownout", MFD_CLOEXEC));
  if (!file || !write_all(file, text)) return {};
  return file;
}

std::optional<std::string> text_in(const Fd& file) {
  struct stat about {};
  if (fstat(file.get(), &about) != 0) return std::nullopt;
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  for (std::size_t done = 0; done < text.size();) {
    const auto got =
        pread(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got <= 0) return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace brownout::proxy
