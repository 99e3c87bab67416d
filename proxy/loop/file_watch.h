// Tells when a file may have changed, some time after the last of a series of changes (editors and
// config managers write in several steps). It watches the folder, since the file itself may be
// replaced by a rename or be a link that is switched. Loop's thread only.
#pragma once

#include <functional>
#include <string>

#include "proxy/loop/handle.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

class FileWatch final : private Deadline {
 public:
  FileWatch(Loop& loop, const std::string& path, std::function<void()> changed);
  // False when the folder cannot be watched.
  bool watching() const { return watching_; }

 private:
  void seen(const char* name);
  void on_due(Instant) noexcept override {
    waiting_ = false;
    changed_();
  }

  Loop& loop_;
  std::string name_;  // in its folder
  bool waiting_ = false;
  std::function<void()> changed_;
  UvPtr<uv_fs_event_t> handle_;
  bool watching_ = false;
};

}  // namespace brownout::proxy
