// FileWatch: calls back when a file may have changed. It waits until a series of changes has
// settled, since editors and configuration managers write in several steps. Use only on the event
// loop's thread.
//
// The watch uses inotify on the file's folder, and also checks the path twice a second. The check
// finds changes that inotify misses: replaced links in the path, a bind-mounted file, a recreated
// folder, a network file system. It runs on a thread of libuv, since such a file system may block.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/loop/handle.h"
#include "proxy/loop/loop.h"

namespace brownout::proxy {

class FileWatch final : public Retirable, private Deadline {
 public:
  FileWatch(Loop& loop, const std::string& path, std::function<void()> changed);
  ~FileWatch() override;

 private:
  // Device, inode, size and times of change of the file, to notice changes. All are 0 if there is
  // no file.
  using Identity = std::array<std::uint64_t, 7>;
  // A check of the file that is in progress; libuv owns it.
  struct Look {
    uv_fs_t request{};
    FileWatch* watch = nullptr;  // null once the FileWatch is destroyed
  };
  struct Next final : Deadline {
    explicit Next(FileWatch& owner) : watch(owner) {}
    void on_due(Instant) noexcept override { watch.look(); }
    FileWatch& watch;
  };

  static Identity identity_of(const uv_stat_t& status);
  void seen(const char* name);
  void look();
  void looked(const Identity& now);
  void settle();
  void on_due(Instant) noexcept override {
    waiting_ = false;
    changed_();
  }

  Loop& loop_;
  std::string path_;
  std::string name_;  // name of the file without its folder
  bool waiting_ = false;
  std::function<void()> changed_;
  UvPtr<uv_fs_event_t> handle_;
  Identity identity_{};
  Look* look_ = nullptr;  // the check in progress; null if there is none
  Next next_{*this};
};

// Watches several files, and calls `changed` when one may have changed. `changed` may call watch().
class FileWatches {
 public:
  FileWatches(Loop& loop, std::function<void()> changed)
      : loop_(loop), changed_(std::move(changed)) {}

  // Watches `paths` in place of the previous paths.
  void watch(const std::vector<std::string>& paths);

 private:
  Loop& loop_;
  std::function<void()> changed_;
  std::map<std::string, std::unique_ptr<FileWatch>> watches_;
};

}  // namespace brownout::proxy
