// Tests Resolver and Connector against a real DNS server, which is a Brownout proxy with faults.
#include "proxy/net/resolver.h"

#include <gtest/gtest.h>

#include "proxy/net/connector.h"
#include "tests/support/dns_world.h"

namespace brownout::test {
namespace {

using proxy::Instant;
using proxy::Loop;
using Addresses = rules::Result<std::vector<rules::IpAddress>>;

// Queries for "silent*" are never answered.
const std::string kSilence =
    "[[rule]]\nmatch = { qname = \"silent*\" }\nfault = { type = \"timeout\" }";

// An event loop on the test's own thread, and a resolver on this loop.
struct ResolverWorld {
  // Runs the loop until `done` returns true, ten seconds at most. Returns the last result of
  // `done`.
  bool run_until(const std::function<bool()>& done) {
    struct Look final : proxy::Deadline {
      void on_due(Instant now) noexcept override {
        if ((*done)() || now > last) return loop->stop();
        loop->deadlines().set(*this, now + 1ms);
      }
      const std::function<bool()>* done = nullptr;
      Loop* loop = nullptr;
      Instant last{};
    } look;
    look.done = &done;
    look.loop = &loop;
    look.last = Loop::now() + 10s;
    loop.deadlines().set(look, Loop::now());
    loop.run();
    return done();
  }
  // The addresses separated by spaces, or the error.
  std::string resolve(const std::string& name) {
    std::optional<Addresses> found;
    const auto ticket = resolver.resolve(name, [&](const Addresses& answer) { found = answer; });
    EXPECT_FALSE(found) << "called back from inside resolve()";
    if (!run_until([&] { return found.has_value(); })) return "(nothing)";
    if (!*found) return found->error().what;
    std::string text;
    for (const auto& ip : **found) text += (text.empty() ? "" : " ") + to_text(ip);
    return text;
  }

  DnsWorld nameserver{kSilence};
  Loop loop;
  proxy::Resolver resolver{loop, to_text(nameserver.proxy.endpoint())};
};

TEST(Resolver, ResolvesBothFamiliesAndUsesTcpForLargeAnswers) {
  ResolverWorld world;
  const auto chat = world.resolve("chat.example.org");
  for (const auto* ip : {"192.0.2.1", "192.0.2.2", "2001:db8::1"}) {
    EXPECT_NE(chat.find(ip), std::string::npos) << chat;
  }
  const auto big = world.resolve("big.example.org");
  EXPECT_EQ(std::count(big.begin(), big.end(), ' '), 39) << big;
}

TEST(Resolver, ResolvesLocalhostAndLiteralsWithoutDns) {
  ResolverWorld world;
  EXPECT_NE(world.resolve("localhost").find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(world.resolve("localhost."), world.resolve("localhost"));
  EXPECT_EQ(world.resolve("127.1"), "127.0.0.1");
  EXPECT_EQ(world.resolve("::1"), "::1");
}

TEST(Resolver, ATrailingDotMakesNoDifference) {
  ResolverWorld world;
  EXPECT_EQ(world.resolve("chat.example.org."), world.resolve("chat.example.org"));
  EXPECT_NE(world.resolve("chat.example.org.").find("192.0.2.1"), std::string::npos);
}

TEST(Resolver, FailsForANameThatDoesNotExist) {
  ResolverWorld world;
  EXPECT_NE(world.resolve("none.example.org").find("cannot resolve \"none.example.org\": "),
            std::string::npos);
}

TEST(Resolver, ListeningOnANameUsesTheHostsFileOnly) {
  const auto sockets = proxy::bind_to({"nowhere.invalid", 5353, ""}, SOCK_STREAM, 1);
  ASSERT_FALSE(sockets);
  EXPECT_EQ(
      sockets.error().what,
      "\"nowhere.invalid\" is not in /etc/hosts, and DNS is not used for an address to listen on");
  EXPECT_EQ(sockets.error().hint,
            "give an address, e.g. \"127.0.0.1:5353\", or add the name to /etc/hosts");
  EXPECT_TRUE(proxy::bind_to({"localhost", 0, ""}, SOCK_STREAM, 1));
  EXPECT_TRUE(proxy::bind_to({"localhost.", 0, ""}, SOCK_STREAM, 1));
}

// The callback must come later for cached names, local names and failures, too.
TEST(Resolver, CallsBackOnlyAfterResolveHasReturned) {
  ResolverWorld world;
  for (int i = 0; i < 2; ++i) {
    world.resolve("chat.example.org");
    world.resolve("127.0.0.1");
    world.resolve("localhost");
    world.resolve("none.example.org");
    world.resolve("");
  }
}

TEST(Resolver, ResolvingInsideTheCallbackLeavesTheLatestTicket) {
  ResolverWorld world;
  world.resolve("chat.example.org");  // later lookups use the cache
  proxy::Resolver::Ticket ticket;
  std::vector<std::string> order;
  ticket = world.resolver.resolve("chat.example.org", [&](const Addresses&) {
    order.push_back("chat");
    ticket = world.resolver.resolve("big.example.org",
                                    [&](const Addresses&) { order.push_back("big"); });
  });
  EXPECT_TRUE(world.run_until([&] { return order.size() == 2; }));
}

TEST(Resolver, UnansweredNamesDoNotDelayOthers) {
  ResolverWorld world;
  std::vector<proxy::Resolver::Ticket> tickets;
  bool answered = false;
  for (int i = 0; i < 100; ++i) {
    tickets.push_back(world.resolver.resolve("silent" + std::to_string(i) + ".example.org",
                                             [&](const Addresses&) { answered = true; }));
  }
  EXPECT_NE(world.resolve("chat.example.org").find("192.0.2.1"), std::string::npos);
  EXPECT_FALSE(answered);
}

TEST(Resolver, DoesNotCallBackOnceTheTicketIsGone) {
  ResolverWorld world;
  bool called = false;
  auto ticket =
      world.resolver.resolve("chat.example.org", [&](const Addresses&) { called = true; });
  ticket.reset();
  world.resolve("chat.example.org");
  EXPECT_FALSE(called);
}

TEST(Resolver, BeyondTheLimitNamesFailUntilTicketsAreDropped) {
  ResolverWorld world;
  std::vector<proxy::Resolver::Ticket> tickets;
  for (std::size_t i = 0; i < proxy::Resolver::kMostLookups; ++i) {
    tickets.push_back(
        world.resolver.resolve("silent" + std::to_string(i), [](const Addresses&) {}));
  }
  EXPECT_NE(world.resolve("chat.example.org").find("limit of simultaneous lookups"),
            std::string::npos);
  tickets.clear();
  EXPECT_NE(world.resolve("big.example.org").find("198.51.100"), std::string::npos);
  EXPECT_LT(world.resolver.lookups(), 2U);
}

// The owner of a Connector, which records the outcome and refuses servers on port 1.
struct Dialler final : proxy::Connector::Owner {
  Dialler(ResolverWorld& of, std::vector<rules::Endpoint> servers, rules::Duration timeout = 5s)
      : world(of) {
    rules::Upstream config;
    config.servers = std::move(servers);
    config.connect_timeout = timeout;
    group = std::make_shared<proxy::UpstreamGroup>(std::move(config), 7);
    connector = std::make_unique<proxy::Connector>(world.loop, world.resolver, group, *this,
                                                   rules::Key{}, 1);
    connector->start();
  }
  void on_connected(proxy::Stream stream, const proxy::SocketAddress& server,
                    std::uint32_t) override {
    world.loop.poller().forget(stream.number());
    result = "port " + std::to_string(server.port());
  }
  void on_connect_failed(const rules::Error& error) override { result = error.what; }
  rules::Admission admit(const proxy::SocketAddress& server) override {
    rules::Admission admission;
    if (server.port() == 1) admission.verdict = rules::Admission::Verdict::kRefuse;
    return admission;
  }
  void on_connect_stopped(rules::Admission) override { result = "stopped"; }
  std::string outcome() {
    if (!world.run_until([this] { return !result.empty(); })) return "(nothing)";
    return result;
  }

  ResolverWorld& world;
  std::shared_ptr<proxy::UpstreamGroup> group;
  std::unique_ptr<proxy::Connector> connector;
  std::string result;
};

TEST(Connector, ConnectTimeoutCoversTheLookup) {
  ResolverWorld world;
  const auto begun = Loop::now();
  EXPECT_EQ(Dialler(world, {{"silent.example.org", 9, ""}}, 100ms).outcome(),
            "cannot resolve \"silent.example.org\": no resolver answered within 100ms");
  EXPECT_GE(Loop::now() - begun, 100ms);
}

TEST(Connector, FailsOverFromANameWithoutAnAnswer) {
  ResolverWorld world;
  const TestServer server;
  const auto endpoint = server.endpoint();
  EXPECT_EQ(Dialler(world, {{"silent.example.org", 9, ""}, endpoint}, 100ms).outcome(),
            "port " + std::to_string(endpoint.port));
}

// The first name is cached, and its server refuses at once. The second name needs a lookup.
TEST(Connector, FailsOverFromARefusedServerToOneThatNeedsALookup) {
  ResolverWorld world;
  world.resolve("chat.example.org");
  const TestServer server;
  const auto port = server.endpoint().port;
  EXPECT_EQ(Dialler(world, {{"chat.example.org", 1, ""}, {"localhost", port, ""}}).outcome(),
            "port " + std::to_string(port));
}

TEST(Connector, SurvivesAHugeGroupWhoseServersAllFailAtOnce) {
  ResolverWorld world;
  std::vector<rules::Endpoint> servers(200'000, {"127.0.0.1", 1, ""});
  EXPECT_NE(Dialler(world, std::move(servers)).outcome().find("refused"), std::string::npos);
}

}  // namespace
}  // namespace brownout::test
