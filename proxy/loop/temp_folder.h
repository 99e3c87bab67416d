// TempFolder is a folder of this process's own for temporary files, in $TMPDIR or else in /tmp. It
// is removed with all its content when the object is destroyed. Blocks; any thread.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

class TempFolder {
 public:
  // The name begins with `name`. `use` says in an error what the folder was for: "the CAs that the
  // command trusts".
  static rules::Result<TempFolder> make(const std::string& name, const std::string& use);
  TempFolder() = default;
  TempFolder(TempFolder&& other) noexcept;
  TempFolder& operator=(TempFolder&& other) noexcept;
  ~TempFolder();

  // "" if there is no folder.
  const std::string& path() const { return path_; }
  // Leaves the folder where it is, and returns its path.
  std::string keep();

 private:
  std::string path_;
};

}  // namespace brownout::proxy
