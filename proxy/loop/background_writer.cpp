#include "proxy/loop/background_writer.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "proxy/loop/quiet_thread.h"

namespace brownout::proxy {
namespace {

using WriterClock = std::chrono::steady_clock;

constexpr auto kWriterTick = std::chrono::seconds(1);
// Time limits of finish(): the longest time without progress, and the longest time in total.
constexpr auto kWriterPatience = std::chrono::seconds(1);
constexpr auto kWriterFarewell = std::chrono::seconds(5);

std::uint64_t lines_in(const std::string& text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

struct BackgroundWriter::State {
  State(OutputFile to, Options with) : file(std::move(to)), options(std::move(with)) {}

  void push(std::string text) {
    bytes += text.size();
    waiting.push_back(std::move(text));
  }
  void say_dropped() {
    const auto lines = std::exchange(dropped, 0);
    if (lines > 0 && options.dropped) push(options.dropped(lines));
  }
  void write_first(std::unique_lock<std::mutex>& lock);
  void tick(std::unique_lock<std::mutex>& lock);

  OutputFile file;  // used on the writer's thread only
  const Options options;
  WriterClock::time_point ticked = WriterClock::now();  // used on the writer's thread only

  std::mutex mutex;  // guards every member below
  std::condition_variable changed;
  std::deque<std::string> waiting;
  std::size_t bytes = 0;      // number of bytes that are queued or being written
  std::uint64_t writing = 0;  // number of lines in the text being written
  std::uint64_t written = 0;  // number of texts written, from which finish() sees progress
  std::uint64_t dropped = 0;  // number of lost lines that options.dropped has not reported yet
  std::uint64_t lost = 0;
  bool failed = false;
  bool reopen = false;
  bool ending = false;
  bool abandoned = false;
  bool done = false;
};

BackgroundWriter::BackgroundWriter(OutputFile file, Options options)
    : state_(std::make_shared<State>(std::move(file), std::move(options))),
      thread_(quiet_thread([state = state_] { run(*state); })) {}

void BackgroundWriter::write(std::string text) {
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  if (state.ending || (state.bytes > 0 && state.bytes + text.size() > state.options.most)) {
    const auto lines = lines_in(text);
    state.dropped += lines;
    state.lost += lines;
    return;
  }
  state.say_dropped();
  state.push(std::move(text));
  state.changed.notify_all();
}

void BackgroundWriter::reopen() {
  const std::lock_guard lock(state_->mutex);
  state_->reopen = true;
  state_->changed.notify_all();
}

std::uint64_t BackgroundWriter::lost() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lost;
}

bool BackgroundWriter::idle() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes == 0;
}

void BackgroundWriter::drain() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait(lock, [&] { return state_->bytes == 0; });
}

void BackgroundWriter::finish() {
  if (!thread_.joinable()) return;
  auto& state = *state_;
  std::unique_lock lock(state.mutex);
  state.ending = true;
  state.changed.notify_all();
  const auto until = WriterClock::now() + kWriterFarewell;
  auto written = state.written;
  while (!state.changed.wait_for(lock, kWriterPatience, [&] { return state.done; })) {
    if (std::exchange(written, state.written) == state.written || WriterClock::now() > until) break;
  }
  if (state.done) {
    lock.unlock();
    return thread_.join();
  }
  // The thread hangs in write(2), perhaps for ever. It is detached, so that the process can exit.
  state.abandoned = true;
  state.lost += state.writing;
  for (const auto& text : state.waiting) state.lost += lines_in(text);
  thread_.detach();
}

void BackgroundWriter::run(State& state) {
  std::unique_lock lock(state.mutex);
  while (true) {
    const auto called = [&] { return state.ending || state.reopen || !state.waiting.empty(); };
    if (state.options.each_second) {
      state.changed.wait_for(lock, kWriterTick, called);
    } else {
      state.changed.wait(lock, called);
    }
    if (std::exchange(state.reopen, false)) {
      lock.unlock();
      state.file.reopen();
      lock.lock();
    }
    state.tick(lock);
    if (!state.waiting.empty()) state.write_first(lock);
    if (state.abandoned || (state.ending && state.waiting.empty())) break;
  }
  state.done = true;
  state.changed.notify_all();
}

void BackgroundWriter::State::write_first(std::unique_lock<std::mutex>& lock) {
  const auto text = std::move(waiting.front());
  waiting.pop_front();
  const auto lines = lines_in(text);
  writing = lines;
  lock.unlock();
  file.follow(WriterClock::now());
  const bool good = file.write(text);
  const int error = errno;
  lock.lock();
  if (abandoned) return;
  writing = 0;
  bytes -= text.size();
  ++written;
  if (!good) {
    lost += lines;
    if (!std::exchange(failed, true) && options.failed && !ending) options.failed(error);
  }
  if (waiting.empty()) say_dropped();
  if (bytes == 0) changed.notify_all();
}

void BackgroundWriter::State::tick(std::unique_lock<std::mutex>& lock) {
  const auto now = WriterClock::now();
  if (!options.each_second || ending || now - ticked < kWriterTick) return;
  ticked = now;
  lock.unlock();
  options.each_second();
  lock.lock();
}

}  // namespace brownout::proxy
