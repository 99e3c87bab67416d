// Tells when a file may have changed, some time after the last of a series of changes (editors and
// config managers write in several steps). Loop's thread only.
//
// It is told by the kernel of changes in the file's folder, at once; and it looks itself, twice a
// second, at what the path leads to by then: through links that were turned, to a file that is
// mounted by itself, in a folder that was made anew, on a file system of another machine. It looks
// on a thread of libuv, since such a file system may not answer.
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
  // Which file it is, and its state: device, inode, size, times of change. All 0: there is none.
  using Identity = std::array<std::uint64_t, 7>;
  // One look, while it is with libuv.
  struct Look {
    uv_fs_t request{};
    FileWatch* watch = nullptr;  // null: it is gone
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
  std::string name_;  // in its folder
  bool waiting_ = false;
  std::function<void()> changed_;
  UvPtr<uv_fs_event_t> handle_;
  Identity identity_{};
  Look* look_ = nullptr;  // libuv's until it calls back
  Next next_{*this};
};

// Watches of several files, which may be changed from inside `changed`.
class FileWatches {
 public:
  FileWatches(Loop& loop, std::function<void()> changed)
      : loop_(loop), changed_(std::move(changed)) {}

  // These, instead of those before.
  void watch(const std::vector<std::string>& paths);

 private:
  Loop& loop_;
  std::function<void()> changed_;
  std::map<std::string, std::unique_ptr<FileWatch>> watches_;
};

}  // namespace brownout::proxy
