#include "proxy/loop/poller.h"

#include <sys/epoll.h>

#include <array>

namespace brownout::proxy {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

bool Poller::add(int fd, Ready& handler) {
  return add(fd, handler, EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

bool Poller::add_level(int fd, Ready& handler) { return add(fd, handler, EPOLLIN); }

bool Poller::add(int fd, Ready& handler, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
  replace(fd, handler);
  return true;
}

void Poller::replace(int fd, Ready& handler) {
  const auto index = static_cast<std::size_t>(fd);
  if (handlers_.size() <= index) handlers_.resize(index + 64);
  handlers_[index] = &handler;
}

void Poller::forget(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (fd >= 0 && index < handlers_.size()) handlers_[index] = nullptr;
}

void Poller::remove(int fd) {
  if (fd >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  forget(fd);
}

void Poller::again(int fd) { again_.push_back(fd); }

void Poller::turn(bool wait) {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               wait && again_.empty() ? -1 : 0);
  std::vector<int> now;
  now.swap(again_);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.fd, event.events);
  }
  for (const int fd : now) dispatch(fd, 0);
}

void Poller::dispatch(int fd, std::uint32_t events) {
  auto* handler = handlers_[static_cast<std::size_t>(fd)];
  if (handler != nullptr) handler->on_ready(events);
}

}  // namespace brownout::proxy
