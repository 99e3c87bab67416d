#include "proxy/loop/loop.h"

#include <sys/prctl.h>

namespace brownout::proxy {

Loop::Loop() : buffer_(std::make_unique_for_overwrite<std::byte[]>(kReadBuffer)) {
  uv_loop_init(&loop_);
  poller_ = std::make_unique<Poller>(&loop_);
  deadlines_ = std::make_unique<Deadlines>(*poller_);
  prepare_ = make_uv<uv_prepare_t>(&loop_, uv_prepare_init, this);
  uv_prepare_start(prepare_.get(), [](uv_prepare_t* handle) {
    if (handle->data != nullptr) static_cast<Loop*>(handle->data)->before_wait();
  });
  mail_signal_ = make_uv<uv_async_t>(&loop_, uv_async_init, this, [](uv_async_t* handle) {
    if (handle->data != nullptr) static_cast<Loop*>(handle->data)->take_mail();
  });
}

Loop::~Loop() {
  retired_.clear();
  mail_signal_.reset();
  prepare_.reset();
  deadlines_.reset();
  poller_.reset();
  // Close callbacks run in this turn.
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

void Loop::run() {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  uv_run(&loop_, UV_RUN_DEFAULT);
}

void Loop::stop() {
  post([this] { uv_stop(&loop_); });
}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mail_mutex_);
    mail_.push_back(std::move(task));
  }
  uv_async_send(mail_signal_.get());
}

void Loop::take_mail() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(mail_mutex_);
    tasks.swap(mail_);
  }
  for (const auto& task : tasks) task();
}

void Loop::retire(std::unique_ptr<Retirable> object) { retired_.push_back(std::move(object)); }

void Loop::before_wait() {
  // May run deadlines, which may retire: what is retired must not wait with the loop.
  deadlines_->arm();
  // Destroying one may retire another.
  while (!retired_.empty()) {
    std::vector<std::unique_ptr<Retirable>> gone;
    gone.swap(retired_);
  }
}

}  // namespace brownout::proxy
