#include "proxy/loop/file_watch.h"

#include <filesystem>

namespace brownout::proxy {
namespace {

constexpr Duration kSettle = std::chrono::milliseconds(150);
constexpr Duration kLookAgain = std::chrono::milliseconds(500);

}  // namespace

FileWatch::FileWatch(Loop& loop, const std::string& path, std::function<void()> changed)
    : loop_(loop), path_(path), changed_(std::move(changed)) {
  handle_ = make_uv<uv_fs_event_t>(loop.uv(), uv_fs_event_init, this);
  auto folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  name_ = std::filesystem::path(path).filename().string();
  const auto seen = [](uv_fs_event_t* handle, const char* name, int, int) {
    if (auto* self = static_cast<FileWatch*>(handle->data)) self->seen(name);
  };
  // Ignores a failure for lack of inotify watches, since the periodic check still finds changes.
  if (handle_) uv_fs_event_start(handle_.get(), seen, folder.c_str(), 0);
  // Records the state of the file at once, since a later check might miss the first change.
  uv_fs_t request{};
  if (uv_fs_stat(nullptr, &request, path_.c_str(), nullptr) == 0) {
    identity_ = identity_of(request.statbuf);
  }
  uv_fs_req_cleanup(&request);
  loop_.deadlines().set(next_, Loop::now() + kLookAgain);
}

FileWatch::~FileWatch() {
  if (look_ != nullptr) look_->watch = nullptr;
}

FileWatch::Identity FileWatch::identity_of(const uv_stat_t& status) {
  const auto number = [](long part) { return static_cast<std::uint64_t>(part); };
  return {status.st_dev,
          status.st_ino,
          status.st_size,
          number(status.st_mtim.tv_sec),
          number(status.st_mtim.tv_nsec),
          number(status.st_ctim.tv_sec),
          number(status.st_ctim.tv_nsec)};
}

// Handles a change in the folder. Changes of other files count too, since the path may lead through
// a link that is replaced. But a change of another file does not restart the wait: a log file in
// the folder would postpone the callback for ever.
void FileWatch::seen(const char* name) {
  const bool ours = name != nullptr && name_ == name;
  if (ours || !waiting_) settle();
}

void FileWatch::look() {
  auto pending = std::make_unique<Look>();
  pending->watch = this;
  pending->request.data = pending.get();
  const auto done = [](uv_fs_t* request) {
    const std::unique_ptr<Look> mine(static_cast<Look*>(request->data));
    const auto now = request->result == 0 ? identity_of(request->statbuf) : Identity{};
    uv_fs_req_cleanup(request);
    if (mine->watch != nullptr) mine->watch->looked(now);
  };
  if (uv_fs_stat(loop_.uv(), &pending->request, path_.c_str(), done) == 0)
    look_ = pending.release();
  if (look_ == nullptr) loop_.deadlines().set(next_, Loop::now() + kLookAgain);
}

void FileWatch::looked(const Identity& now) {
  look_ = nullptr;
  if (now != identity_) settle();
  identity_ = now;
  loop_.deadlines().set(next_, Loop::now() + kLookAgain);
}

void FileWatch::settle() {
  waiting_ = true;
  loop_.deadlines().set(*this, Loop::now() + kSettle);
}

void FileWatches::watch(const std::vector<std::string>& paths) {
  std::map<std::string, std::unique_ptr<FileWatch>> watches;
  for (const auto& path : paths) {
    auto& watch = watches[path];
    if (watch) continue;  // `paths` contains this path twice
    if (const auto old = watches_.find(path); old != watches_.end()) watch = std::move(old->second);
    if (!watch) watch = std::make_unique<FileWatch>(loop_, path, changed_);
  }
  // Destroys old watches later, since the caller may be one of them.
  for (auto& [path, watch] : watches_) {
    if (watch) loop_.retire(std::move(watch));
  }
  watches_ = std::move(watches);
}

}  // namespace brownout::proxy
