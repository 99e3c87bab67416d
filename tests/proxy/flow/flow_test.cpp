// Tests connections through a real proxy: unchanged bytes, half-close and RST; failover and
// refusals; backpressure; reloads under traffic.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

std::string random_bytes(std::size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Sends from another thread, so that sending and receiving do not wait for each other.
std::string echo_all(const Fd& client, const std::string& bytes) {
  std::thread sender([&] {
    send_all(client, bytes);
    ::shutdown(client.get(), SHUT_WR);
  });
  auto received = receive(client);
  sender.join();
  return received.ending == Ending::kFin ? received.bytes : "";
}

TEST(Flow, PassesBytesAndHalfCloseUnchangedByCopyAndBySplice) {
  const auto bytes = random_bytes(20'000'000);
  for (const auto* forwarding : {"copy", "splice"}) {
    ProxyWorld world("", {.listener = "forwarding = \"" + std::string(forwarding) + "\""});
    EXPECT_TRUE(echo_all(world.connect(), bytes) == bytes) << forwarding;
  }
}

TEST(Flow, PassesBytesUnchangedThroughFaultsThatOnlyDelay) {
  const auto bytes = random_bytes(3'000'000);
  ProxyWorld world(R"([[rule]]
fault = { type = "latency", delay = "5ms", jitter = "5ms" }
[[rule]]
fault = { type = "slicer", size = "5 KB", variation = "4 KB" }
[[rule]]
fault = { type = "bandwidth", rate = "50 MB/s" })");
  EXPECT_TRUE(echo_all(world.connect(), bytes) == bytes);
}

TEST(Flow, ForwardsAHalfCloseAndStillDeliversTheReply) {
  const TestServer server;
  ProxyWorld world("", {.servers = server.address()});
  const auto client = world.connect();
  const auto upstream = server.accept();
  send_all(client, "question");
  ::shutdown(client.get(), SHUT_WR);
  const auto asked = receive(upstream);
  EXPECT_EQ(asked.bytes, "question");
  EXPECT_EQ(asked.ending, Ending::kFin);
  send_all(upstream, "answer");
  EXPECT_EQ(receive(client, 6).bytes, "answer");
}

TEST(Flow, ForwardsAResetInBothDirections) {
  for (const bool from_client : {true, false}) {
    const TestServer server;
    ProxyWorld world("", {.servers = server.address()});
    auto client = world.connect();
    auto upstream = server.accept();
    send_all(client, "x");
    EXPECT_EQ(receive(upstream, 1).bytes, "x");
    auto& leaver = from_client ? client : upstream;
    auto& stayer = from_client ? upstream : client;
    proxy::reset_on_close(leaver);
    leaver.reset();
    EXPECT_EQ(receive(stayer).ending, Ending::kReset) << from_client;
    EXPECT_TRUE(eventually([&] { return world.engine().open_flows() == 0; }));
  }
}

TEST(Flow, ResetsTheClientIfTheServerRefuses) {
  ProxyWorld world("", {.servers = "\"127.0.0.1:1\""});
  const auto client = world.connect();
  ASSERT_TRUE(client);
  EXPECT_EQ(receive(client).ending, Ending::kReset);
}

TEST(Flow, FailsOverToTheNextServerOnTheSameConnection) {
  const TestServer standby;
  TestServer primary;
  const auto primary_address = primary.address();
  ProxyWorld world("", {.servers = primary_address + ", " + standby.address(),
                        .upstream = "retry_after = \"50ms\""});
  const auto first = world.connect();
  EXPECT_TRUE(primary.accept());
  primary.close();
  const auto second = world.connect();
  const auto served = standby.accept();
  ASSERT_TRUE(served) << "the client must reach the standby on the same connection";
  send_all(second, "x");
  EXPECT_EQ(receive(served, 1).bytes, "x");
}

TEST(Flow, RoundRobinTakesServersInTurn) {
  const TestServer a;
  const TestServer b;
  ProxyWorld world(
      "", {.servers = a.address() + ", " + b.address(), .upstream = "policy = \"round-robin\""});
  for (int i = 0; i < 2; ++i) {
    const auto first = world.connect();
    EXPECT_TRUE(a.accept());
    const auto second = world.connect();
    EXPECT_TRUE(b.accept());
  }
}

TEST(Flow, ResolvesNamesAndReachesUnixSockets) {
  const std::string path = "/tmp/brownout-test-" + std::to_string(::getpid()) + ".sock";
  {
    ProxyWorld inner("", {.listen = "unix:" + path});
    ProxyWorld outer("", {.servers = "\"unix:" + path + "\""});
    EXPECT_GE(round_trip(outer.connect(), "hello"), 0ns);
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the socket file is removed at the end";
  const TestServer server;
  ProxyWorld named("", {.servers = "\"localhost:" + std::to_string(server.endpoint().port) + "\""});
  const auto client = named.connect();
  EXPECT_TRUE(server.accept());
  ProxyWorld unknown("", {.servers = "\"no-such-host.invalid:1\""});
  EXPECT_EQ(receive(unknown.connect()).ending, Ending::kReset);
}

// An upper bound of the bytes that the kernel buffers in one direction of a connection.
std::size_t kernel_buffers() {
  std::size_t total = 0;
  for (const auto* name : {"tcp_rmem", "tcp_wmem"}) {
    std::ifstream file(std::string("/proc/sys/net/ipv4/") + name);
    std::size_t least = 0;
    std::size_t usual = 0;
    std::size_t most = 0;
    file >> least >> usual >> most;
    total += most;
  }
  return total;
}

// Sends until the socket accepts no more, even after the worker has handled all pending events, or
// until more than `most` bytes are sent. Returns the number of bytes sent.
std::size_t send_until_stuck(ProxyWorld& world, const Fd& client, std::size_t most) {
  const std::string block(1 << 16, 'x');
  std::size_t sent = 0;
  for (bool stuck = false; !stuck && sent <= most;) {
    world.let_workers_turn();
    stuck = true;
    for (ssize_t count = 1; count > 0 && sent <= most;) {
      count = ::send(client.get(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count <= 0) break;
      sent += static_cast<std::size_t>(count);
      stuck = false;
    }
  }
  return sent;
}

TEST(Flow, APeerThatDoesNotReadStallsOnlyItsOwnConnection) {
  const TestServer server;
  ProxyWorld world("", {.servers = server.address()});
  const auto client = world.connect();
  const auto upstream = server.accept();
  // The kernel buffers data of two connections, the client's and the server's.
  const auto most = 2 * kernel_buffers() + proxy::Loop::kReadBuffer;
  EXPECT_LE(send_until_stuck(world, client, most), most)
      << "the proxy buffered bytes that its peer does not read";
  const auto other = world.connect();
  const auto other_upstream = server.accept();
  send_all(other, "y");
  EXPECT_EQ(receive(other_upstream, 1).bytes, "y");
}

TEST(Flow, AFaultHoldsAtMostTheBufferAndOneRead) {
  ProxyWorld world("", {.listener = "buffer = \"64 KiB\""});
  const auto client = world.connect();
  world.reload("[[rule]]\nfault = { type = \"unplug\" }");
  const auto most = kernel_buffers() + proxy::Loop::kReadBuffer + 65536;
  const auto sent = send_until_stuck(world, client, most);
  EXPECT_LE(sent, most);
  // Once the fault is removed, all bytes arrive.
  world.reload("");
  EXPECT_EQ(receive(client, sent).bytes.size(), sent);
}

TEST(Flow, ListensOnIpv6AndMatchesItsClients) {
  ProxyWorld world("[[rule]]\nmatch = { client = \"::1\" }\nfault = { type = \"refuse\" }",
                   {.listen = "[::1]:0"});
  EXPECT_LT(round_trip(world.connect(), "hello"), 0ns);
  world.reload("[[rule]]\nmatch = { client = \"2001:db8::/32\" }\nfault = { type = \"refuse\" }");
  EXPECT_GE(round_trip(world.connect(), "hello"), 0ns);
}

TEST(Flow, ANewRuleActsOnLiveConnectionsAndReleasesBytesWhenRemoved) {
  ProxyWorld world;
  const auto client = world.connect();
  EXPECT_GE(round_trip(client, "fast"), 0ns);
  world.reload(
      "[[rule]]\nname = \"slow\"\nmatch = { direction = \"upstream\" }\nfault = { type = "
      "\"latency\", delay = \"1h\" }");
  send_all(client, "held");
  EXPECT_TRUE(world.holds(rules::Direction::kUpstream, 4));
  world.reload("");
  EXPECT_EQ(receive(client, 4).bytes, "held");
}

TEST(Flow, ReloadsUnderTrafficLoseNothing) {
  ProxyWorld world("", {.workers = 2});
  const auto bytes = random_bytes(30'000'000, 3);
  std::atomic<bool> done{false};
  std::thread reloader([&] {
    for (int i = 0; !done; ++i) {
      world.reload(i % 2 == 0
                       ? "[[rule]]\nfault = { type = \"latency\", delay = \"3ms\", jitter = "
                         "\"3ms\" }\n[[rule]]\nfault = { type = \"slicer\", size = \"3 KB\" }"
                       : "");
    }
  });
  EXPECT_TRUE(echo_all(world.connect(), bytes) == bytes);
  done = true;
  reloader.join();
}

TEST(Flow, ManyShortConnectionsOnTwoWorkersLeaveNoOpenFlow) {
  ProxyWorld world("", {.workers = 2});
  const auto result = proxy::connect_repeatedly(world.endpoint(), 32, 20s, 3000);
  EXPECT_EQ(result.done, 3000U);
  EXPECT_EQ(result.failed, 0U);
  EXPECT_TRUE(eventually([&] { return world.engine().open_flows() == 0; }));
}

TEST(Flow, SpreadsAFewConnectionsEvenlyOverWorkers) {
  ProxyWorld world("", {.workers = 2});
  std::vector<Fd> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(world.connect());
    EXPECT_GE(round_trip(clients.back(), "x"), 0ns);
  }
  const auto loads = world.engine().open_flows_by_worker();
  ASSERT_EQ(loads.size(), 2U);
  EXPECT_NEAR(static_cast<double>(loads[0]), 32, 5);
}

TEST(Flow, AcceptsAgainAfterRunningOutOfDescriptors) {
  ProxyWorld world;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // Leaves enough descriptors for the client sockets, but too few for all sockets of the proxy.
  std::vector<Fd> clients;
  const int highest = ::dup(0);
  ::close(highest);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(highest) + 10;
  setrlimit(RLIMIT_NOFILE, &tight);
  for (int i = 0; i < 6; ++i) clients.push_back(world.connect());
  std::this_thread::sleep_for(100ms);
  setrlimit(RLIMIT_NOFILE, &before);
  clients.clear();
  EXPECT_TRUE(eventually([&] {
    const auto client = world.connect();
    return client && round_trip(client, "hello") >= 0ns;
  }));
}

TEST(Engine, APortInUseFailsWithAHint) {
  ProxyWorld world;
  proxy::Loop loop;
  const auto text =
      "version = 1\n[[upstream]]\nname = \"s\"\nservers = \"127.0.0.1:1\"\n[[listener]]\nname = "
      "\"x\"\nlisten = \"" +
      to_text(world.endpoint()) + "\"\nupstream = \"s\"\n";
  const auto second = proxy::Engine::start(loop, *codecs::load_rules(text), {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().what.find("Address already in use"), std::string::npos)
      << second.error().what;
  EXPECT_NE(second.error().hint.find("another program listens on this address"), std::string::npos);
}

TEST(Engine, AHintTellsThatAClientsConnectionHoldsThePort) {
  const TestServer server;
  const auto client = proxy::connect_to(server.endpoint());
  const auto taken = proxy::own_address(client);
  const auto bound = proxy::bind_to({to_text(*taken.ip()), taken.port(), ""}, SOCK_STREAM, 1);
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().hint.find("no program listens on this port"), std::string::npos)
      << bound.error().hint;
}

TEST(Engine, AReloadThatCannotBindChangesNothing) {
  ProxyWorld world;
  const TestServer taken;
  const auto text = world.rules_text("[[rule]]\nfault = { type = \"refuse\" }\n") +
                    "[[listener]]\nname = \"more\"\nlisten = " + taken.address() +
                    "\nupstream = \"servers\"\n";
  const auto config = codecs::load_rules(text);
  ASSERT_TRUE(config);
  EXPECT_FALSE(world.on_control([&] { return world.engine().reload(*config).has_value(); }));
  EXPECT_GE(round_trip(world.connect(), "hello"), 0ns);
}

TEST(Engine, AReloadOpensAndClosesListenersAndKeepsLiveConnections) {
  ProxyWorld world;
  const auto live = world.connect();
  EXPECT_GE(round_trip(live, "hello"), 0ns);
  auto text = world.rules_text("");
  text += "[[listener]]\nname = \"more\"\nlisten = \"127.0.0.1:0\"\nupstream = \"servers\"\n";
  ASSERT_TRUE(world.on_control(
      [&] { return world.engine().reload(*codecs::load_rules(text)).has_value(); }));
  const auto more = world.on_control([&] { return world.engine().bound("more"); });
  EXPECT_GE(round_trip(proxy::connect_to(more), "hello"), 0ns);
  world.reload("");
  EXPECT_TRUE(eventually([&] { return !proxy::connect_to(more); }));
  EXPECT_GE(round_trip(live, "hello"), 0ns);
}

// Returns the events of a run. They depend on the seed and the order of arrival, but not on the
// number of workers.
std::string events_of_run(unsigned workers) {
  const std::string path = "/tmp/brownout-events-" + std::to_string(::getpid()) + ".jsonl";
  ::unlink(path.c_str());
  {
    ProxyWorld world(R"([[rule]]
name = "jitter"
fault = { type = "latency", delay = "2ms", jitter = "1ms" }
[[rule]]
name = "flaky"
probability = "5%"
per = "chunk"
fault = { type = "reset" }
[[rule]]
name = "unlucky"
probability = "20%"
fault = { type = "corrupt", chance = "10%" }
[[rule]]
name = "third"
match = { every = 3 }
fault = { type = "connect_delay", delay = "3ms", jitter = "2ms" })",
                     {.workers = workers, .events = path});
    std::vector<Fd> clients;
    // Connect one client after the other, because only runs with the same order of arrival are
    // equal.
    for (int i = 0; i < 40; ++i) {
      clients.push_back(world.connect());
      for (int turn = 0; turn < 5; ++turn) {
        send_all(clients.back(), "hello");
        if (receive(clients.back(), 5).ending != Ending::kOpen) break;
      }
    }
    clients.clear();
    eventually([&] { return world.engine().open_flows() == 0; });
  }
  std::ifstream file(path);
  std::map<std::uint64_t, std::string> by_flow;
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto time = line.find("\"seed\"");
    const auto flow = line.find("\"flow\":") + 7;
    by_flow[std::stoull(line.substr(flow))] += line.substr(time) + "\n";
  }
  ::unlink(path.c_str());
  std::string all;
  for (const auto& [flow, lines] : by_flow) all += lines;
  return count > 100 ? all : "too few events";
}

TEST(Engine, TheSameSeedGivesTheSameEventsWithOneWorkerAndWithTwo) {
  const auto events = events_of_run(1);
  EXPECT_EQ(events, events_of_run(1));
  EXPECT_EQ(events, events_of_run(2));
  EXPECT_NE(events, "too few events");
}

}  // namespace
}  // namespace brownout::test
