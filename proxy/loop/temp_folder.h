// TempFolder creates a private folder for temporary files, in $TMPDIR or else in /tmp. The
// destructor removes the folder with all its content. File system calls may block; any thread.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::proxy {

class TempFolder {
 public:
  // The folder's name begins with `name`. `use` describes its purpose in an error message, for
  // example "the CAs that the command trusts".
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
