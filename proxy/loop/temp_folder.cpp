#include "proxy/loop/temp_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace brownout::proxy {

rules::Result<TempFolder> TempFolder::make(const std::string& name, const std::string& use) {
  // std::filesystem::temp_directory_path() throws if TMPDIR names no folder.
  const char* given = std::getenv("TMPDIR");
  const std::string around = given != nullptr && *given != '\0' ? given : "/tmp";
  auto path = around + "/" + name + ".XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return tl::unexpected(rules::Error{
        rules::Origin::kInternal,
        "cannot make a folder in " + around + " for " + use + ": " + std::strerror(errno),
        "free space in it, or set TMPDIR to a folder where brownout may write",
        {}});
  }
  TempFolder folder;
  folder.path_ = std::move(path);
  return folder;
}

TempFolder::TempFolder(TempFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempFolder& TempFolder::operator=(TempFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::keep() { return std::exchange(path_, {}); }

}  // namespace brownout::proxy
