#include "proxy/loop/poller.h"

#include <sys/epoll.h>

#include <array>

namespace brownout::proxy {

Poller::Poller(uv_loop_t* loop) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  watch_ = make_uv<uv_poll_t>(loop, uv_poll_init, this, epoll_.get());
  idle_ = make_uv<uv_idle_t>(loop, uv_idle_init, this);
  uv_poll_start(watch_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (handle->data != nullptr) static_cast<Poller*>(handle->data)->poll();
  });
}

// The watch is closed before the descriptor it watches.
Poller::~Poller() { watch_.reset(); }

bool Poller::add(int fd, Ready& handler) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
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
  forget(fd);
  epoll_event unused{};
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
}

void Poller::again(int fd) {
  again_.push_back(fd);
  uv_idle_start(idle_.get(), [](uv_idle_t* handle) {
    if (handle->data != nullptr) static_cast<Poller*>(handle->data)->run_again();
  });
}

void Poller::run_again() {
  std::vector<int> now;
  now.swap(again_);
  for (const int fd : now) dispatch(fd, 0);
  if (again_.empty()) uv_idle_stop(idle_.get());
}

// Level-triggered towards libuv: what one call does not take makes the set readable again.
void Poller::poll() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.fd, event.events);
  }
}

void Poller::dispatch(int fd, std::uint32_t events) {
  auto* handler = handlers_[static_cast<std::size_t>(fd)];
  if (handler != nullptr) handler->on_ready(events);
}

}  // namespace brownout::proxy
