// Tests what is said of the keys by which a listener follows the brokers of a cluster.
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"

namespace brownout::rules {
namespace {

std::string problem_of(const std::string& keys, const std::string& listen = "127.0.0.1:19093") {
  const auto config = load_toml(
      "version = 1\n[[upstream]]\nname = \"kafka\"\nservers = [\"127.0.0.1:9092\"]\n[[listener]]\n"
      "name = \"kafka\"\nprotocol = \"kafka\"\nupstream = \"kafka\"\nlisten = \"" +
      listen + "\"\n" + keys);
  return config ? "" : config.error().sorted().front().what;
}

constexpr const char* kFollow = "brokers = \"follow\"\n";
constexpr const char* kTls = "tls = { ca = \"ca\" }\n";

TEST(Brokers, NeedPortsOrNames) {
  EXPECT_EQ(problem_of(kFollow),
            "brokers = \"follow\" needs \"broker_ports\", or \"broker_names\" with tls");
  EXPECT_EQ(problem_of(std::string(kFollow) + "broker_ports = \"19100-19103\""), "");
  EXPECT_EQ(problem_of("broker_names = \"b-{node}.test\"\n"),
            "broker_names needs brokers = \"follow\"");
}

TEST(Brokers, HaveNamesWithTheirIdsBehindTls) {
  const auto with = [](const std::string& keys) { return std::string(kFollow) + kTls + keys; };
  EXPECT_EQ(problem_of(with("broker_names = \"b-{node}.test\"")), "");
  EXPECT_EQ(problem_of(with("broker_names = \"b-{node}.test:443\""), "127.0.0.1:0"), "");
  for (const auto* name : {"b.test", "{node}.{node}.test", "b-{node}.test:0", "b-{node}.test:x"}) {
    EXPECT_EQ(problem_of(with("broker_names = \"" + std::string(name) + "\"")),
              "broker_names needs {node} once, in a host name")
        << name;
  }
  EXPECT_EQ(problem_of(with("broker_names = \"b-{node}.test\""), "127.0.0.1:0"),
            "clients cannot be told the port, which the kernel chooses");
  EXPECT_EQ(problem_of(with("broker_names = \"b-{node}.test\"\nbroker_ports = 19100")),
            "broker_ports does not fit broker_names");
  EXPECT_EQ(problem_of(std::string(kFollow) + "broker_names = \"b-{node}.test\""),
            "broker_names needs a listener that terminates TLS");
}

}  // namespace
}  // namespace brownout::rules
