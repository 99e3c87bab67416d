#include "proxy/control/state_writer.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "proxy/loop/quiet_thread.h"

namespace brownout::proxy {
namespace {

constexpr auto kStatePatience = std::chrono::seconds(3);

}  // namespace

struct StateWriter::State {
  explicit State(Save with) : save(std::move(with)) {}
  bool idle() const { return !waiting && !writing; }
  void save_next(std::unique_lock<std::mutex>& lock);

  const Save save;
  std::mutex mutex;  // guards every member below
  std::condition_variable changed;
  std::optional<std::string> waiting;
  std::optional<std::string> failed;  // the newest text, if saving it failed
  bool writing = false;
  bool ending = false;
  bool abandoned = false;
  bool done = false;
};

StateWriter::StateWriter(Save save)
    : state_(std::make_shared<State>(std::move(save))),
      thread_(quiet_thread([state = state_] { run(*state); })) {}

void StateWriter::write(std::string text) {
  const std::lock_guard lock(state_->mutex);
  state_->waiting = std::move(text);
  state_->failed.reset();
  state_->changed.notify_all();
}

bool StateWriter::saved() const {
  const std::lock_guard lock(state_->mutex);
  return state_->idle() && !state_->failed && !state_->abandoned;
}

bool StateWriter::finish() {
  if (!thread_.joinable()) return saved();
  auto& state = *state_;
  std::unique_lock lock(state.mutex);
  state.ending = true;
  state.changed.notify_all();
  if (state.changed.wait_for(lock, kStatePatience, [&] { return state.done; })) {
    lock.unlock();
    thread_.join();
    return saved();
  }
  // The writer thread hangs in a system call. `abandoned` keeps it from later overwriting the file
  // of a successor process.
  state.abandoned = true;
  thread_.detach();
  return false;
}

void StateWriter::run(State& state) {
  bool tried = false;
  std::unique_lock lock(state.mutex);
  while (true) {
    state.changed.wait(lock, [&] { return state.ending || state.waiting; });
    // At the end, tries once more to save a text whose first attempt failed.
    if (!state.waiting && !std::exchange(tried, true)) {
      state.waiting = std::exchange(state.failed, std::nullopt);
    }
    if (!state.waiting || state.abandoned) break;
    state.save_next(lock);
  }
  state.done = true;
  state.changed.notify_all();
}

void StateWriter::State::save_next(std::unique_lock<std::mutex>& lock) {
  auto text = std::move(*waiting);
  waiting.reset();
  writing = true;
  lock.unlock();
  const auto saved = save(text);
  if (!saved) {
    spdlog::error(
        "{}; the changes made by the API are active, but would be lost at a restart (free space on "
        "the disk, or make the folder of the file writable; the next change writes the file again)",
        saved.error().what);
  }
  lock.lock();
  writing = false;
  if (!saved && !waiting) failed = std::move(text);
}

}  // namespace brownout::proxy
