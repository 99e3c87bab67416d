// Tests files that zones include: they are read from the disk, and kept for later changes by the
// API.
#include "proxy/control/included_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "proxy/control/live_config.h"
#include "proxy/formats/json_document.h"
#include "proxy/formats/load_rules.h"
#include "rules/language/load_toml.h"
#include "tests/support/temp_folder.h"

namespace brownout::proxy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class IncludedFilesOnDisk : public testing::Test, protected test::TempFolder {
 protected:
  static std::string rule_file(const std::string& records) {
    return "version = 1\n[[listener]]\nname = \"dns\"\nprotocol = \"dns\"\nlisten = "
           "\"127.0.0.1:0\"\nzone = \"lab\"\n[[zone]]\nname = \"lab\"\nrecords = " +
           records + "\n";
  }
  // The first error, or "".
  std::string mistakes(const std::string& records) {
    files_ = IncludedFiles(in("rules.toml"));
    const auto config = codecs::load_rules(rule_file(records), files_.from_disk());
    return config ? "" : config.error().sorted().front().what;
  }

  IncludedFiles files_;
};

TEST_F(IncludedFilesOnDisk, AreReadBesideTheRuleFileAndKept) {
  write("hosts.zone", "a.lab. 60 IN A 192.0.2.1\n$INCLUDE more.zone\n");
  write("more.zone", "b.lab. 60 IN A 192.0.2.2\n");
  EXPECT_EQ(mistakes("['$INCLUDE hosts.zone']"), "");
  EXPECT_THAT(files_.paths(), ElementsAre(in("hosts.zone"), in("more.zone")));
  EXPECT_FALSE(files_.changed());
  write("more.zone", "b.lab. 60 IN A 192.0.2.3\n");
  EXPECT_TRUE(files_.changed());
}

TEST_F(IncludedFilesOnDisk, AnUnreadableFileIsReadAgainOnceItAppears) {
  EXPECT_THAT(mistakes("['$INCLUDE gone.zone']"), HasSubstr("No such file"));
  EXPECT_THAT(files_.paths(), ElementsAre(in("gone.zone")));
  EXPECT_FALSE(files_.changed());
  write("gone.zone", "");
  EXPECT_TRUE(files_.changed());
  EXPECT_THAT(mistakes("['$INCLUDE .']"), HasSubstr("Is a directory"));
}

TEST_F(IncludedFilesOnDisk, RefusesPipesAndDevices) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  EXPECT_THAT(mistakes("['$INCLUDE pipe']"), HasSubstr("not a regular file"));
  EXPECT_THAT(mistakes("['$INCLUDE /dev/zero']"), HasSubstr("not a regular file"));
}

std::string rule_with_table(const std::string& path) {
  return "version = 1\n[[upstream]]\nname = \"s\"\nservers = [\"127.0.0.1:1\"]\n[[listener]]\nname "
         "= "
         "\"l\"\nlisten = \"127.0.0.1:0\"\nupstream = \"s\"\n[[rule]]\nname = \"r\"\nfault = { "
         "type = "
         "\"latency\", delay = \"1s\", jitter = \"1s\", distribution_file = \"" +
         path + "\" }\n";
}

TEST_F(IncludedFilesOnDisk, FilesOfFaultsAreReadBesideTheRuleFileToo) {
  write("wifi.dist", "-1 0 1");
  files_ = IncludedFiles(in("rules.toml"));
  ASSERT_TRUE(codecs::load_rules(rule_with_table("wifi.dist"), files_.from_disk()));
  EXPECT_THAT(files_.paths(), ElementsAre(in("wifi.dist")));
  EXPECT_THAT(files_.watched(), ElementsAre(in("wifi.dist"), in("rules.toml")));
  EXPECT_FALSE(files_.changed());
  write("wifi.dist", "-1 0 2");
  EXPECT_TRUE(files_.changed());

  const auto mistake = [&](const std::string& path) {
    const auto config = codecs::load_rules(rule_with_table(path), files_.from_disk());
    if (config) return std::string();
    const auto first = config.error().sorted().front();
    return std::to_string(first.where.line) + ": " + first.what + " (" + first.hint + ")";
  };
  EXPECT_EQ(mistake("gone.dist"),
            "11: distribution_file: " + in("gone.dist") +
                ": cannot read the file: No such file or directory (check the path: a relative "
                "path begins in the folder of the rule file)");
  EXPECT_THAT(mistake("."), HasSubstr("Is a directory"));
  EXPECT_THAT(mistake("/dev/zero"), HasSubstr("not a regular file"));
}

TEST_F(IncludedFilesOnDisk, TheApiCanNameNoOtherFilesInAFault) {
  write("wifi.dist", "-1 0 1");
  write("secret", "root:x:0:0\n");
  files_ = IncludedFiles(in("rules.toml"));
  const auto text = rule_with_table("wifi.dist");
  ASSERT_TRUE(codecs::load_rules(text, files_.from_disk()));
  Loop loop;
  LiveConfig live(loop, {*rules::parse_toml(text), files_}, {});
  auto engine = *Engine::start(loop, live.config(), {});
  live.attach(*engine);
  std::filesystem::remove(in("wifi.dist"));
  const auto change = [&](const std::string& path) {
    const auto done = live.change(
        {"rule", "r",
         *codecs::parse_json(R"({"name":"r","fault":{"type":"latency","delay":"2s","jitter":"1s",)"
                             R"("distribution_file":")" +
                             path + R"("}})")},
        "");
    return done ? "" : describe(done.error());
  };
  EXPECT_EQ(change("wifi.dist"), "");
  const auto refused = change("secret");
  EXPECT_THAT(refused, HasSubstr("this file is not read, because the rule file does not name it"));
  EXPECT_THAT(refused, testing::Not(HasSubstr("root:")));
  engine->stop();
}

// Included files may be deleted while the proxy runs. Changes by the API must then still work: a
// lease must end, and a fault must be removable.
TEST_F(IncludedFilesOnDisk, TheApiCanUseOnlyFilesThatTheRuleFileIncludes) {
  write("hosts.zone", "a.lab. 60 IN A 192.0.2.1\n");
  write("secret", "root:x:0:0\n");
  ASSERT_EQ(mistakes("['$INCLUDE hosts.zone']"), "");
  Loop loop;
  LiveConfig live(loop, {*rules::parse_toml(rule_file("['$INCLUDE hosts.zone']")), files_}, {});
  auto engine = *Engine::start(loop, live.config(), {});
  live.attach(*engine);
  std::filesystem::remove(in("hosts.zone"));
  const auto change = [&](const std::string& kind, const std::string& name,
                          const std::string& table) {
    const auto done = live.change({kind, name, *codecs::parse_json(table)}, "");
    return done ? "" : describe(done.error());
  };
  EXPECT_EQ(change("rule", "r", R"({"name":"r","fault":{"type":"servfail"}})"), "");
  EXPECT_EQ(
      change("zone", "lab", R"({"name":"lab","records":["$ORIGIN x.","$INCLUDE hosts.zone"]})"),
      "");
  EXPECT_EQ(live.config().zones.front().records.size(), 1U);
  const auto refused = change("zone", "lab", R"({"name":"lab","records":["$INCLUDE secret"]})");
  EXPECT_THAT(refused, HasSubstr("this file is not read, because the rule file does not name it"));
  EXPECT_THAT(refused, testing::Not(HasSubstr("root:")));
  engine->stop();
}

}  // namespace
}  // namespace brownout::proxy
