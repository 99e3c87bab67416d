#include "proxy/control/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "proxy/codecs/json_document.h"
#include "proxy/loop/write_all.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {
namespace {

using Json = nlohmann::ordered_json;

std::optional<Overlay> read(const std::string& text) {
  const auto document = codecs::parse_json(text);
  if (!document) return std::nullopt;
  const auto* version = document->find("version");
  const auto* changes = document->find("changes");
  if (version == nullptr || !std::holds_alternative<std::int64_t>(version->value) ||
      std::get<std::int64_t>(version->value) != 1 || changes == nullptr ||
      changes->array() == nullptr) {
    return std::nullopt;
  }
  Overlay overlay;
  for (const auto& one : *changes->array()) {
    const auto* kind = one.find("kind");
    const auto* table = one.find("table");
    if (kind == nullptr || kind->string() == nullptr || table == nullptr || name_of(one).empty()) {
      return std::nullopt;
    }
    Overlay::Change change{*kind->string(), name_of(one), std::nullopt};
    if (table->table() != nullptr) change.table = *table;
    overlay.set(std::move(change));
  }
  return overlay;
}

rules::Result<void> failed(const std::string& path) {
  return tl::unexpected(
      system_error(rules::Origin::kInternal, "cannot write the state file " + path, errno));
}

}  // namespace

rules::Result<Overlay> load_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return Overlay{};
    return tl::unexpected(
        system_error(rules::Origin::kConfig, "cannot read the state file " + path, errno));
  }
  std::ostringstream text;
  text << file.rdbuf();
  auto overlay = read(text.str());
  if (overlay) return std::move(*overlay);
  const auto aside = path + ".corrupt";
  const bool moved = std::rename(path.c_str(), aside.c_str()) == 0;
  return rules::config_error(
      path + " is torn, or no state file",
      moved ? "it is kept as " + aside + "; start again without it" : "move it away");
}

rules::Result<void> save_state(const std::string& path, const Overlay& overlay) {
  Json changes = Json::array();
  for (const auto& one : overlay.changes()) {
    changes.push_back({{"kind", one.kind},
                       {"name", one.name},
                       {"table", one.table ? codecs::to_json(*one.table) : Json(nullptr)}});
  }
  const auto text = Json{{"version", 1}, {"changes", changes}}.dump(2) + "\n";
  const auto fresh = path + ".new";
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file || !write_all(file, text) || ::fsync(file.get()) != 0 ||
      std::rename(fresh.c_str(), path.c_str()) != 0) {
    return failed(path);
  }
  // The new name is on the disk only when its folder is.
  const auto slash = path.find_last_of('/');
  const auto folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed(path);
  return {};
}

}  // namespace brownout::proxy
