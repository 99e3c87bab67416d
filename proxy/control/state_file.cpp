#include "proxy/control/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "proxy/formats/json_document.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/read_file.h"
#include "proxy/loop/write_all.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {
namespace {

using Json = nlohmann::ordered_json;

// The first bytes of every state file of this version. state_text() writes exactly these bytes.
constexpr std::string_view kBegin = "{\n  \"version\": 1,";
constexpr int kMostLinks = 40;

std::optional<Overlay> read(const std::string& text) {
  const auto document = codecs::parse_json(text, SIZE_MAX);
  if (!document) return std::nullopt;
  const auto* version = document->find("version");
  const auto* changes = document->find("changes");
  if (version == nullptr || !std::holds_alternative<std::int64_t>(version->value) ||
      std::get<std::int64_t>(version->value) != 1 || changes == nullptr ||
      changes->array() == nullptr) {
    return std::nullopt;
  }
  Overlay overlay;
  for (const auto& entry : *changes->array()) {
    const auto* kind = entry.find("kind");
    const auto* table = entry.find("table");
    if (kind == nullptr || kind->string() == nullptr || table == nullptr ||
        name_of(entry).empty()) {
      return std::nullopt;
    }
    Overlay::Change change{*kind->string(), name_of(entry), std::nullopt};
    if (table->table() != nullptr) change.table = *table;
    overlay.set(std::move(change));
  }
  return overlay;
}

rules::Result<void> failed(const std::string& path) {
  return tl::unexpected(
      system_error(rules::Origin::kInternal, "cannot write the state file " + path, errno));
}

// Follows symbolic links, at most as many as the kernel does, and returns the last target. The
// target need not exist.
std::string target_of(std::string path) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, error); ++i) {
    path = (fs::path(path).parent_path() / fs::read_symlink(path, error)).string();
  }
  return path;
}

rules::Result<Overlay> no_state(const std::string& path, const std::string& text) {
  if (!text.starts_with(kBegin) || nlohmann::json::accept(text)) {
    return rules::config_error(path + " is not a state file of this version; it was not changed",
                               "give another path with --state, or move that file away");
  }
  const auto from = target_of(path);
  const auto aside = from + ".corrupt";
  const bool moved =
      renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) == 0;
  return rules::config_error(
      "the state file " + path + " is truncated",
      moved ? "it was moved to " + aside +
                  "; start Brownout again to continue without the changes in it"
            : "move it away, and start Brownout again");
}

// A temporary file in a folder. The destructor removes the file unless it was renamed.
class FreshFile {
 public:
  // A random name keeps other users from planting a link under a known name. It is short, since a
  // long name could exceed the file system's limit.
  explicit FreshFile(const std::string& folder) : path_(folder + ".brownout.XXXXXX") {
    fd_ = Fd(mkostemp(path_.data(), O_CLOEXEC));
    there_ = static_cast<bool>(fd_);
  }
  FreshFile(const FreshFile&) = delete;
  FreshFile& operator=(const FreshFile&) = delete;
  ~FreshFile() {
    const int error = errno;
    if (there_) ::unlink(path_.c_str());
    errno = error;
  }

  // Writes and syncs the file, and gives it the permissions of the file `like`. If `like` does not
  // exist, only the owner can read the new file.
  bool write(const std::string& text, const std::string& like) {
    struct stat before {};
    if (!fd_) return false;
    if (stat(like.c_str(), &before) == 0 && fchmod(fd_.get(), before.st_mode & 0777) != 0) {
      return false;
    }
    return write_all(fd_, text) && ::fsync(fd_.get()) == 0;
  }
  bool rename_to(const std::string& path) {
    if (std::rename(path_.c_str(), path.c_str()) != 0) return false;
    there_ = false;
    return true;
  }

 private:
  std::string path_;
  Fd fd_;
  bool there_ = false;
};

}  // namespace

rules::Result<Overlay> load_state(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 && errno == ENOENT) return Overlay{};
  const auto text = read_regular(path);
  if (!text) {
    return rules::config_error("the state file " + path + ": " + text.error().what,
                               "make it readable, or give another path with --state");
  }
  if (text->empty()) return Overlay{};
  auto overlay = read(*text);
  return overlay ? std::move(*overlay) : no_state(path, *text);
}

std::string state_text(const Overlay& overlay) {
  Json changes = Json::array();
  for (const auto& change : overlay.changes()) {
    changes.push_back({{"kind", change.kind},
                       {"name", change.name},
                       {"table", change.table ? codecs::to_json(*change.table) : Json(nullptr)}});
  }
  return codecs::json_text(Json{{"version", 1}, {"changes", changes}}, 2) + "\n";
}

rules::Result<void> save_state(const std::string& path, const std::string& text) {
  const auto target = target_of(path);
  const auto slash = target.find_last_of('/');
  const auto folder = slash == std::string::npos ? "./" : target.substr(0, slash + 1);
  FreshFile fresh(folder);
  if (!fresh.write(text, target) || !fresh.rename_to(target)) return failed(path);
  // Syncs the folder too. Only then does the rename survive a power failure.
  const Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed(path);
  return {};
}

}  // namespace brownout::proxy
