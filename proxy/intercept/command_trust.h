// CommandTrust makes the command of `brownout exec` trust additional CAs, so that its TLS can be
// intercepted. It writes CA bundles into a temporary folder, and sets the environment variables
// that programs read (SSL_CERT_FILE and others). In the command's mount namespace, the bundles also
// replace those of the system; the system's files never change.
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
  // `cas`: the certificates to trust in addition, as PEM. The new bundles also contain the CAs of
  // the system's bundle and of the files in variables that are already set.
  static rules::Result<std::unique_ptr<CommandTrust>> make(const std::string& cas);
  CommandTrust(const CommandTrust&) = delete;
  CommandTrust& operator=(const CommandTrust&) = delete;
  // Removes the folders.
  ~CommandTrust();

  const Surroundings& surroundings() const { return surroundings_; }
  // Why programs that use NSS, such as Chromium, will not trust the CAs, and what to do; "" if they
  // will.
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
  std::string usual_;  // path of the system's CA bundle; "" if there is none
  std::map<std::string, std::string> bundles_;  // written bundles by the path that they replace
  Surroundings surroundings_;
};

}  // namespace brownout::proxy
