// Tests the listener's address map, which rewrites server addresses in Redis replies.
#include "rules/protocols/redis/codec/redis_addresses.h"

#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

const std::string kRedisRewrite =
    R"(rewrite = { "10.0.0.1:7000" = "127.0.0.1:17000", "10.0.0.2:7000" = "127.0.0.1:17001" })";

// The bytes that the client receives if the server sends `reply`. They must be the same with and
// without a rule, and for pieces of any size.
std::string redis_rewritten(const std::string& command, const std::string& reply) {
  std::string first;
  for (const std::string rule :
       {"", "[[rule]]\nmatch = { key = \"none\" }\nfault = { type = \"drop\" }"}) {
    for (const std::size_t piece : {1U, 1000U}) {
      MessageLab lab("redis", rule, kRedisRewrite, piece);
      lab.from_client(redis_array_of(command) + redis_array_of("PING"));
      lab.from_server(reply + "+PONG\r\n");
      const auto got = lab.at_client();
      EXPECT_EQ(lab.reports, "");
      if (first.empty()) first = got;
      EXPECT_EQ(got, first);
    }
  }
  EXPECT_EQ(first.substr(first.size() - 7), "+PONG\r\n");
  return first.substr(0, first.size() - 7);
}

TEST(RedisAddresses, AreRewrittenInRedirections) {
  EXPECT_EQ(redis_rewritten("GET a", "-MOVED 15495 10.0.0.1:7000\r\n"),
            "-MOVED 15495 127.0.0.1:17000\r\n");
  EXPECT_EQ(redis_rewritten("GET a", "-ASK 15495 10.0.0.2:7000\r\n"),
            "-ASK 15495 127.0.0.1:17001\r\n");
  EXPECT_EQ(redis_rewritten("GET a", "-MOVED 15495 10.0.0.3:7000\r\n"),
            "-MOVED 15495 10.0.0.3:7000\r\n");
  EXPECT_EQ(redis_rewritten("GET a", "$13\r\n10.0.0.1:7000\r\n"), "$13\r\n10.0.0.1:7000\r\n");
}

TEST(RedisAddresses, AreRewrittenInClusterSlots) {
  const auto slots = [](const std::string& first, const std::string& second) {
    const auto node = [](const std::string& host, const std::string& port) {
      return "*4\r\n" + redis_bulk(host) + ":" + port + "\r\n" + redis_bulk("id") + "*0\r\n";
    };
    return "*2\r\n*3\r\n:0\r\n:7000\r\n" +
           node(first.substr(0, first.find(':')), first.substr(first.find(':') + 1)) +
           "*3\r\n:7001\r\n:16383\r\n" +
           node(second.substr(0, second.find(':')), second.substr(second.find(':') + 1));
  };
  EXPECT_EQ(redis_rewritten("CLUSTER SLOTS", slots("10.0.0.1:7000", "10.0.0.3:7000")),
            slots("127.0.0.1:17000", "10.0.0.3:7000"));
}

TEST(RedisAddresses, AreRewrittenInClusterShardsAndSentinelReplies) {
  const auto shards = [](const std::string& head, const std::string& host,
                         const std::string& port) {
    return "*1\r\n" + head + redis_bulk("slots") + "*0\r\n" + redis_bulk("nodes") + "*1\r\n%4\r\n" +
           redis_bulk("id") + redis_bulk("x") + redis_bulk("port") + ":" + port + "\r\n" +
           redis_bulk("ip") + redis_bulk(host) + redis_bulk("endpoint") + redis_bulk(host);
  };
  EXPECT_EQ(redis_rewritten("CLUSTER SHARDS", shards("%2\r\n", "10.0.0.2", "7000")),
            shards("%2\r\n", "127.0.0.1", "17001"));
  EXPECT_EQ(redis_rewritten("SENTINEL get-master-addr-by-name m", redis_array_of("10.0.0.1 7000")),
            redis_array_of("127.0.0.1 17000"));
  EXPECT_EQ(redis_rewritten("SENTINEL master m", redis_array_of("name m ip 10.0.0.1 port 7000")),
            redis_array_of("name m ip 127.0.0.1 port 17000"));
}

TEST(RedisAddresses, AreRewrittenInClusterNodes) {
  const auto nodes = [](const std::string& address) {
    return "07c3 " + address + "@17001,host.example myself,master - 0 0 1 connected 0-16383\n" +
           "07c4 10.0.0.3:7000@17000 slave 07c3 0 0 1 connected\n";
  };
  EXPECT_EQ(redis_rewritten("CLUSTER NODES", redis_bulk(nodes("10.0.0.1:7000"))),
            redis_bulk(nodes("127.0.0.1:17000")));
  const auto verbatim = [](const std::string& text) {
    return "=" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
  };
  EXPECT_EQ(redis_rewritten("CLUSTER NODES", verbatim("txt:" + nodes("10.0.0.1:7000"))),
            verbatim("txt:" + nodes("127.0.0.1:17000")));
}

TEST(RedisAddresses, AreRewrittenInMessagesOfASentinel) {
  MessageLab lab("redis", "", kRedisRewrite);
  lab.from_client(redis_array_of("SUBSCRIBE +switch-master"));
  const std::string confirmed = "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n";
  lab.from_server(confirmed);
  EXPECT_EQ(lab.at_client(), confirmed);
  lab.from_server(redis_array({"message", "+switch-master", "m 10.0.0.1 7000 10.0.0.2 7000"}));
  EXPECT_EQ(lab.at_client(),
            redis_array({"message", "+switch-master", "m 127.0.0.1 17000 127.0.0.1 17001"}));
}

TEST(RedisAddresses, RejectBadMapsAndOtherProtocols) {
  const auto load = [](const std::string& protocol, const std::string& rewrite) {
    return rules::load_toml(
               "version = 1\n[[upstream]]\nname = \"u\"\nservers = [\"127.0.0.1:1\"]\n"
               "[[listener]]\nname = \"l\"\nlisten = \"127.0.0.1:2\"\nupstream = \"u\"\n"
               "protocol = \"" +
               protocol + "\"\nrewrite = " + rewrite + "\n")
        .has_value();
  };
  EXPECT_TRUE(load("redis", "{ \"a:1\" = \"b:2\" }"));
  EXPECT_FALSE(load("nats", "{ \"a:1\" = \"b:2\" }"));
  for (const auto* bad : {"5", "{ a = \"b:2\" }", "{ \"a:1\" = 2 }", "{ \"a:0\" = \"b:2\" }",
                          "{ \"a:1\" = \"unix:/x\" }"}) {
    EXPECT_FALSE(load("redis", bad)) << bad;
  }
}

}  // namespace
}  // namespace brownout::test
