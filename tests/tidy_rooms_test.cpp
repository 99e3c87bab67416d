// Checks that each folder includes only headers of folders above it in the table kRooms.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <regex>
#include <sstream>

#include "tests/support/files.h"

namespace brownout {
namespace {

namespace fs = std::filesystem;

// Folders in order of dependency; "*" stands for one folder name, and such folders do not include
// each other.
constexpr std::array kRooms = std::to_array<std::string_view>({
    "rules/base",
    "rules/schema",
    "rules/chance",
    "rules/message",
    "rules/protocols/*",
    "rules/match",
    "rules/firewall",
    "rules/engine",
    "rules/faults/common",
    "rules/faults/*",
    "rules/protocols/*/faults",
    "rules/rehearsal",
    "rules/language",
    "rules",
    "rules/protocols/codec",
    "rules/protocols/http/codec",
    "rules/protocols/*/codec",
    "rules/protocols",
    "proxy/formats",
    "proxy/draft",
    "proxy/loop",
    "proxy/observe",
    "proxy/tls",
    "proxy/net",
    "proxy/intercept",
    "proxy/flow",
    "proxy/dns",
    "proxy/http",
    "proxy/engine",
    "proxy/control",
    "proxy/embedded",
    "proxy/rehearsal",
    "proxy/rehearsal/users",
    "proxy/cli",
    "proxy",
});

// Exceptions to the table: the codec of MQTT uses that of WebSocket, since WebSocket can carry
// MQTT. A stream of HTTP/2 may lead to a server of HTTP/1. A client of gRPC speaks HTTP/2.
constexpr std::array kAlsoAllowed = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"rules/protocols/mqtt/codec", "rules/protocols/websocket/codec"},
    {"rules/protocols/http2/codec", "rules/protocols/http1/codec"},
    {"rules/protocols/grpc/codec", "rules/protocols/http2/codec"},
});

bool is(const std::string& folder, std::string_view room) {
  const auto star = room.find('*');
  if (star == std::string_view::npos) return folder == room;
  const auto before = room.substr(0, star);
  const auto behind = room.substr(star + 1);
  if (!folder.starts_with(before) || !folder.ends_with(behind)) return false;
  if (folder.size() <= before.size() + behind.size()) return false;
  const auto name = folder.substr(before.size(), folder.size() - before.size() - behind.size());
  return name.find('/') == std::string::npos;
}

// The index of the folder's row in kRooms. A row without "*" takes precedence.
std::optional<std::size_t> row_of(const std::string& folder) {
  std::optional<std::size_t> row;
  for (std::size_t i = 0; i < kRooms.size(); ++i) {
    const bool exact = kRooms.at(i).find('*') == std::string_view::npos;
    if (is(folder, kRooms.at(i)) && (!row || exact)) row = i;
  }
  return row;
}

// The reason why a file in `folder` may not include a file in `other`, or "" if it may.
std::string refused(const std::string& folder, const std::string& other) {
  const auto from = row_of(folder);
  const auto to = row_of(other);
  if (!from || !to) return (from ? other : folder) + " has no row in kRooms";
  if (folder == other || *from > *to) return {};
  const auto allowed = std::find(kAlsoAllowed.begin(), kAlsoAllowed.end(),
                                 std::pair<std::string_view, std::string_view>(folder, other));
  return allowed != kAlsoAllowed.end() ? "" : folder + " includes " + other;
}

TEST(TidyRooms, FoldersIncludeOnlyFoldersAboveThem) {
  static const std::regex kInclude("^#include \"((rules|proxy)/[^\"]+)\"");
  const auto root = fs::path(test::source_root());
  for (const auto* tree : {"rules", "proxy"}) {
    for (const auto& path : test::sources_in(tree)) {
      const auto folder = fs::relative(path.parent_path(), root).string();
      std::istringstream text(test::read_file(path));
      for (std::string line; std::getline(text, line);) {
        std::smatch found;
        if (!std::regex_search(line, found, kInclude)) continue;
        const auto other = fs::path(found.str(1)).parent_path().string();
        EXPECT_EQ(refused(folder, other), "") << path << ": " << line;
      }
    }
  }
}

TEST(TidyRooms, DetectAnIncludeAgainstTheOrder) {
  EXPECT_EQ(refused("rules/base", "rules/engine"), "rules/base includes rules/engine");
  EXPECT_EQ(refused("rules/engine", "rules/base"), "");
  EXPECT_EQ(refused("rules/engine", "proxy/loop"), "rules/engine includes proxy/loop");
  EXPECT_EQ(refused("rules/protocols/dns", "rules/protocols/dns/codec"),
            "rules/protocols/dns includes rules/protocols/dns/codec");
  EXPECT_EQ(refused("rules/protocols/xmpp/codec", "rules/protocols/mqtt/codec"),
            "rules/protocols/xmpp/codec includes rules/protocols/mqtt/codec");
  EXPECT_EQ(refused("proxy/new", "rules/base"), "proxy/new has no row in kRooms");
  EXPECT_EQ(refused("rules/faults/common", "rules/faults/bytes"),
            "rules/faults/common includes rules/faults/bytes");
}

}  // namespace
}  // namespace brownout
