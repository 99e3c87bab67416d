#include "proxy/loop/loop.h"

#include <sys/prctl.h>

#include <utility>

namespace brownout::proxy {
namespace {

// Limit of writes of held bytes in one iteration; they take one or two milliseconds.
constexpr std::size_t kMostWrites = 512;
constexpr std::size_t kBytesPerWrite = 8192;

}  // namespace

Loop::Loop() : buffer_(std::make_unique_for_overwrite<std::byte[]>(kReadBuffer)) {
  uv_loop_init(&loop_);
  poller_ = std::make_unique<Poller>();
  poller_->add_level(uv_backend_fd(&loop_), uv_ready_);
  deadlines_ = std::make_unique<Deadlines>(*poller_);
  mail_signal_ = make_uv<uv_async_t>(&loop_, uv_async_init, this, [](uv_async_t* handle) {
    if (handle->data != nullptr) static_cast<Loop*>(handle->data)->take_mail();
  });
}

Loop::~Loop() {
  destroy_retired();
  mail_signal_.reset();
  deadlines_.reset();
  poller_.reset();
  // Lets libuv call its remaining close callbacks.
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

void Loop::run() {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  stopped_ = false;
  while (!stopped_) {
    if (std::exchange(uv_used_, false)) uv_run(&loop_, UV_RUN_NOWAIT);
    if (stopped_) break;  // a callback of libuv stopped the loop; another wait would not end
    before_wait();
    const bool real = VirtualTime::current() == nullptr;
    if (!real) wait_in_virtual_time();
    // Increments before the handlers run, so that a call of Poller::again() is always served in an
    // iteration with a higher number.
    ++iteration_;
    poller_->turn(real);
  }
  participant_.leave();
}

void Loop::wait_in_virtual_time() {
  pollfd events{poller_->descriptor(), POLLIN, 0};
  if (!poller_->has_more()) wait_ready({&events, 1}, deadlines_->earliest());
  deadlines_->run_due();
}

void Loop::stop() {
  post([this] { stopped_ = true; });
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

bool Loop::may_write(std::size_t bytes) {
  if (std::exchange(written_in_, iteration_) != iteration_) write_cost_ = 0;
  if (write_cost_ >= kMostWrites) return false;
  write_cost_ += 1 + bytes / kBytesPerWrite;
  return true;
}

void Loop::retire(std::unique_ptr<Retirable> object) { retired_.push_back(std::move(object)); }

void Loop::before_wait() {
  // Handles deadlines that are already due first, since they may retire objects.
  if (VirtualTime::current() == nullptr) deadlines_->arm();
  destroy_retired();
  closing_.clear();
}

void Loop::destroy_retired() {
  // Repeats while objects are retired, since destroying one may retire another.
  while (!retired_.empty()) {
    std::vector<std::unique_ptr<Retirable>> gone;
    gone.swap(retired_);
  }
}

}  // namespace brownout::proxy
