#include "proxy/loop/file_watch.h"

#include <filesystem>

namespace brownout::proxy {
namespace {

constexpr Duration kSettle = std::chrono::milliseconds(150);

}  // namespace

FileWatch::FileWatch(Loop& loop, const std::string& path, std::function<void()> changed)
    : loop_(loop), changed_(std::move(changed)) {
  handle_ = make_uv<uv_fs_event_t>(loop.uv(), uv_fs_event_init, this);
  auto folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  name_ = std::filesystem::path(path).filename().string();
  const auto seen = [](uv_fs_event_t* handle, const char* name, int, int) {
    if (auto* self = static_cast<FileWatch*>(handle->data)) self->seen(name);
  };
  watching_ = handle_ && uv_fs_event_start(handle_.get(), seen, folder.c_str(), 0) == 0;
}

// Other files matter, too: the path may lead through a link that is replaced. But a log that is
// written all the time beside it must not put it off for ever.
void FileWatch::seen(const char* name) {
  const bool ours = name != nullptr && name_ == name;
  if (!ours && waiting_) return;
  waiting_ = true;
  loop_.deadlines().set(*this, Loop::now() + kSettle);
}

}  // namespace brownout::proxy
