// CommandTrust makes a command trust CAs beside those of the machine. It writes bundles of CAs into
// a temporary folder, and names them in environment variables that programs know. The command's own
// mount namespace also shows them in place of the machine's bundles, which never change.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/intercept/sandbox.h"
#include "proxy/loop/temp_folder.h"
#include "rules/base/result.h"

namespace brownout::proxy {

class CommandTrust {
 public:
  // `cas`: the certificates to trust, as PEM. Reads the machine's bundle and the variables that are
  // set already, whose files the command goes on to trust.
  static rules::Result<std::unique_ptr<CommandTrust>> make(const std::string& cas);
  CommandTrust(const CommandTrust&) = delete;
  CommandTrust& operator=(const CommandTrust&) = delete;
  // Removes the folders.
  ~CommandTrust();

  const Surroundings& surroundings() const { return surroundings_; }
  // Why programs that use NSS, such as Chromium, do not trust the CAs, and what to do; "" if they
  // do.
  const std::string& without_nss() const { return without_nss_; }

 private:
  CommandTrust() = default;
  rules::Result<std::string> bundle_with(const std::string& path);
  rules::Result<std::string> write(const std::string& name, const std::string& text);
  rules::Result<void> set_bundles();
  rules::Result<void> set_java();
  rules::Result<void> replace_system_bundles();
  rules::Result<void> set_nss();

  std::string cas_;
  TempFolder folder_;
  std::vector<std::string> mount_points_;  // empty folders in the home folder, the outer one first
  std::string without_nss_;
  std::string usual_;                           // the bundle by default: "" if there is none
  std::map<std::string, std::string> bundles_;  // written bundles by the path that they replace
  Surroundings surroundings_;
};

}  // namespace brownout::proxy
