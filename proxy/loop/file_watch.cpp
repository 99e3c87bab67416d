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
  const auto seen = [](uv_fs_event_t* handle, const char*, int, int) {
    auto* self = static_cast<FileWatch*>(handle->data);
    if (self != nullptr) self->loop_.deadlines().set(*self, Loop::now() + kSettle);
  };
  watching_ = handle_ && uv_fs_event_start(handle_.get(), seen, folder.c_str(), 0) == 0;
}

}  // namespace brownout::proxy
