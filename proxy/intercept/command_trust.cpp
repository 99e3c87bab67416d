#include "proxy/intercept/command_trust.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "proxy/intercept/nss_database.h"
#include "proxy/loop/fd.h"
#include "proxy/loop/read_file.h"
#include "proxy/net/socket.h"
#include "proxy/tls/java_store.h"
#include "rules/base/describe.h"

namespace brownout::proxy {
namespace {

// Paths of the system's CA bundle in common distributions (list from Go,
// crypto/x509/root_linux.go).
constexpr std::array kSystemBundles{
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and later
    "/etc/ssl/cert.pem",                                  // Alpine
};

// Variables with the path of a bundle that replaces the CAs of a program.
constexpr std::array kReplacing{
    "SSL_CERT_FILE",       // OpenSSL, Python, Ruby, PHP, Go, Rust
    "CURL_CA_BUNDLE",      // curl, Python's requests
    "REQUESTS_CA_BUNDLE",  // Python's requests
    "HTTPLIB2_CA_CERTS",   // Python's httplib2
    "AWS_CA_BUNDLE",       // AWS CLI and SDKs
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "NPM_CONFIG_CAFILE",
    "CARGO_HTTP_CAINFO",
    "NIX_SSL_CERT_FILE",
};
// Variables with the path of a bundle that a program trusts beside its own CAs.
constexpr std::array kAdding{"NODE_EXTRA_CA_CERTS", "DENO_CERT"};

constexpr std::string_view kEndOfCertificate = "-----END CERTIFICATE-----";
constexpr std::string_view kJavaOptions = "JAVA_TOOL_OPTIONS";

std::string value_of_variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string usual_bundle() {
  if (auto own = value_of_variable("SSL_CERT_FILE"); !own.empty()) return own;
  for (const auto* path : kSystemBundles) {
    if (is_regular(path)) return path;
  }
  return {};
}

}  // namespace

rules::Result<std::unique_ptr<CommandTrust>> CommandTrust::make(const std::string& cas) {
  auto trust = std::unique_ptr<CommandTrust>(new CommandTrust);
  trust->cas_ = cas;
  auto folder = TempFolder::make("brownout-exec", "the CAs that the command trusts");
  if (!folder) return tl::unexpected(folder.error());
  trust->folder_ = std::move(*folder);
  // The folder is readable for all, since the command may run programs as other users.
  ::chmod(trust->folder_.path().c_str(), 0755);
  trust->usual_ = usual_bundle();
  if (auto done = trust->set_bundles(); !done) return tl::unexpected(done.error());
  if (auto done = trust->set_java(); !done) return tl::unexpected(done.error());
  if (auto done = trust->replace_system_bundles(); !done) return tl::unexpected(done.error());
  if (auto done = trust->set_nss(); !done) trust->without_nss_ = describe(done.error());
  return trust;
}

CommandTrust::~CommandTrust() {
  // Fails, as intended, for a folder into which the command has written files.
  for (auto path = mount_points_.rbegin(); path != mount_points_.rend(); ++path)
    ::rmdir(path->c_str());
}

rules::Result<void> CommandTrust::set_bundles() {
  const auto set = [&](const char* name, const std::string& instead) -> rules::Result<void> {
    const auto own = value_of_variable(name);
    auto bundle = bundle_with(own.empty() ? instead : own);
    if (!bundle) return tl::unexpected(bundle.error());
    surroundings_.environment.emplace_back(name, std::move(*bundle));
    return {};
  };
  for (const auto* name : kReplacing) {
    if (auto done = set(name, usual_); !done) return done;
  }
  for (const auto* name : kAdding) {
    if (auto done = set(name, ""); !done) return done;
  }
  return {};
}

rules::Result<void> CommandTrust::set_java() {
  auto options = value_of_variable(kJavaOptions.data());
  if (options.find("javax.net.ssl.trustStore=") != std::string::npos) return {};
  const auto bundle = read_regular(bundles_[usual_]);
  if (!bundle) return tl::unexpected(bundle.error());
  auto store = write("java.jks", tls::java_trust_store(*bundle));
  if (!store) return tl::unexpected(store.error());
  if (!options.empty()) options += ' ';
  options += "-Djavax.net.ssl.trustStore=" + *store + " -Djavax.net.ssl.trustStoreType=JKS" +
             " -Djavax.net.ssl.trustStorePassword=" + tls::kJavaPassword;
  surroundings_.environment.emplace_back(kJavaOptions, std::move(options));
  return {};
}

// Replaces the system's CA bundles in the command's mount namespace, for programs that ignore
// environment variables.
rules::Result<void> CommandTrust::replace_system_bundles() {
  for (const auto* path : kSystemBundles) {
    if (!is_regular(path)) continue;
    auto bundle = bundle_with(path);
    if (!bundle) return tl::unexpected(bundle.error());
    surroundings_.files.push_back({std::move(*bundle), path});
  }
  return {};
}

// Replaces the user's NSS certificate database in the command's mount namespace, for Chromium and
// other programs. If the user has no database, creates the folder to mount on, and removes it at
// the end.
rules::Result<void> CommandTrust::set_nss() {
  const auto home = value_of_variable("HOME");
  if (home.empty()) {
    return tl::unexpected(rules::Error{Origin::kInternal,
                                       "the variable HOME is not set",
                                       "set HOME to a folder that the command may write to",
                                       {}});
  }
  std::vector<std::string> files;
  for (std::size_t at = 0; at < cas_.size();) {
    const auto end = std::min(cas_.find(kEndOfCertificate, at), cas_.size());
    auto file = write("ca-" + std::to_string(files.size()) + ".pem",
                      cas_.substr(at, end - at) + std::string(kEndOfCertificate) + "\n");
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
    at = cas_.find("-----BEGIN", end);
  }
  const auto users = home + "/.pki/nssdb";
  const auto own = folder_.path() + "/nssdb";
  if (auto made = make_nss_database(own, users, files); !made) return made;
  for (const auto& path : {home + "/.pki", users}) {
    if (::mkdir(path.c_str(), 0700) == 0) mount_points_.push_back(path);
  }
  if (::access(users.c_str(), F_OK) != 0)
    return tl::unexpected(system_error(Origin::kInternal, "there is no folder " + users, errno));
  surroundings_.files.push_back({own, users});
  return {};
}

// Writes a bundle with the certificates of the file at `path` (none if ""), and the additional CAs.
// Returns its path. A file that cannot be read counts as empty, as it does for programs.
rules::Result<std::string> CommandTrust::bundle_with(const std::string& path) {
  if (const auto known = bundles_.find(path); known != bundles_.end()) return known->second;
  auto text = path.empty() ? std::string() : read_regular(path).value_or("");
  if (!text.empty() && text.back() != '\n') text += '\n';
  auto written = write("bundle-" + std::to_string(bundles_.size()) + ".pem", text + cas_);
  if (written) bundles_[path] = *written;
  return written;
}

rules::Result<std::string> CommandTrust::write(const std::string& name, const std::string& text) {
  auto path = folder_.path() + "/" + name;
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return tl::unexpected(system_error(Origin::kInternal, "cannot write " + path, errno));
  }
  return path;
}

}  // namespace brownout::proxy
