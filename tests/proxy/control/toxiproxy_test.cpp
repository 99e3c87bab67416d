// Tests Toxiproxy's API on a real engine, and the HTTP server in front of it over real sockets.
#include "proxy/control/toxiproxy_api.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "proxy/control/http_server.h"
#include "proxy/embedded/traffic.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Toxiproxy : public testing::Test {
 protected:
  Toxiproxy() {
    auto engine = proxy::Engine::start(loop_, {}, {});
    engine_ = std::move(*engine);
    api_ = std::make_unique<toxiproxy::Api>(*engine_);
  }
  ~Toxiproxy() override { engine_->stop(); }

  proxy::HttpResponse ask(const std::string& method, const std::string& path,
                          const std::string& body = "") {
    return api_->handle({method, path, "", {}, body});
  }
  json get(const std::string& path) { return json::parse(ask("GET", path).body); }

  proxy::Loop loop_;
  std::unique_ptr<proxy::Engine> engine_;
  std::unique_ptr<toxiproxy::Api> api_;
};

constexpr auto kChat = R"({"name":"chat","listen":"127.0.0.1:0","upstream":"127.0.0.1:1"})";

TEST_F(Toxiproxy, ToxicsAreListedUpstreamFirstInChainOrder) {
  ask("POST", "/proxies", kChat);
  for (const auto* toxic :
       {R"({"name":"a","type":"noop"})", R"({"name":"b","type":"noop",
       "stream":"upstream"})",
        R"({"name":"c","type":"noop"})", R"({"name":"d","type":"noop","stream":"upstream"})"}) {
    EXPECT_EQ(ask("POST", "/proxies/chat/toxics", toxic).status, 200);
  }
  std::string order;
  for (const auto& toxic : get("/proxies/chat/toxics")) order += toxic["name"].get<std::string>();
  EXPECT_EQ(order, "bdac");
}

TEST_F(Toxiproxy, AFailedRequestChangesNothing) {
  ask("POST", "/proxies", kChat);
  const auto before = ask("GET", "/proxies").body;
  // The second proxy's port is in use, so neither proxy is added.
  const auto taken = get("/proxies/chat")["listen"].get<std::string>();
  const auto body = json::array({{{"name", "one"}, {"listen", "127.0.0.1:0"}, {"upstream", "a:1"}},
                                 {{"name", "two"}, {"listen", taken}, {"upstream", "a:1"}}});
  EXPECT_EQ(ask("POST", "/populate", body.dump()).status, 500);
  EXPECT_EQ(ask("GET", "/proxies").body, before);
  // A proxy with an invalid toxic is not added either.
  auto wrong = json::parse(kChat);
  wrong["name"] = "wrong";
  wrong["toxics"] = {{{"type", "latency"}, {"attributes", {{"latency", -1}}}}};
  EXPECT_EQ(ask("POST", "/proxies", wrong.dump()).status, 400);
  EXPECT_EQ(ask("GET", "/proxies").body, before);
}

TEST_F(Toxiproxy, WithATokenEveryRequestNeedsIt) {
  api_->set_token("secret");
  rules::HttpHead head;
  const auto with = [&](const std::string& authorization) {
    head.headers = {{"Authorization", authorization}};
    return api_->handle({"POST", "/proxies", "", head, kChat});
  };
  for (const auto& refused : {ask("GET", "/version"), ask("POST", "/reset"), with("secret"),
                              with("Bearer secre"), with("Bearer secret2"), with("bearer")}) {
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(json::parse(refused.body),
              json::parse(R"({"error":"missing or invalid auth token","status":401})"));
    EXPECT_THAT(refused.headers,
                testing::Contains(testing::Field(&rules::HttpHeader::name, "WWW-Authenticate")));
  }
  EXPECT_EQ(with("Bearer secret").status, 201);
}

// Toxiproxy's attributes are zero where a client gives none, and its slicer's bounds are inclusive.
TEST_F(Toxiproxy, AttributesDefaultToZero) {
  ask("POST", "/proxies", kChat);
  EXPECT_EQ(ask("POST", "/proxies/chat/toxics", R"({"type":"packet_loss"})").status, 200);
  EXPECT_EQ(get("/proxies/chat/toxics/packet_loss_downstream")["attributes"],
            json::parse(R"({"correlation":0.0,"loss_rate":0.0})"));
  const auto slicer = [&](const std::string& attributes) {
    return ask("POST", "/proxies/chat/toxics",
               R"({"type":"slicer","attributes":)" + attributes + "}")
        .body;
  };
  EXPECT_THAT(slicer("{}"), HasSubstr("bad request body: average_size must be at least 1"));
  EXPECT_THAT(slicer(R"({"average_size":5,"size_variation":6})"),
              HasSubstr("bad request body: size_variation must be at most average_size"));
  EXPECT_THAT(slicer(R"({"average_size":5,"size_variation":5})"), HasSubstr("slicer_downstream"));
}

TEST_F(Toxiproxy, PopulateLeavesUnchangedProxiesAlone) {
  ask("POST", "/proxies", kChat);
  ask("POST", "/proxies/chat/toxics", R"({"type":"latency","attributes":{"latency":7}})");
  auto same = get("/proxies/chat");
  same.erase("toxics");
  const auto list = json::array({same});
  EXPECT_EQ(ask("POST", "/populate", list.dump()).status, 201);
  EXPECT_EQ(get("/proxies/chat")["toxics"].size(), 1U);
  auto other = same;
  other["upstream"] = "127.0.0.1:2";
  EXPECT_EQ(ask("POST", "/populate", json::array({other}).dump()).status, 201);
  EXPECT_EQ(get("/proxies/chat")["upstream"], "127.0.0.1:2");
  EXPECT_EQ(get("/proxies/chat")["toxics"].size(), 0U);
  EXPECT_EQ(get("/proxies/chat")["listen"], same["listen"]);
}

TEST_F(Toxiproxy, ADisabledProxyKeepsItsPort) {
  ask("POST", "/proxies", kChat);
  const auto listen = get("/proxies/chat")["listen"];
  for (int i = 0; i < 20; ++i) {
    ask("POST", "/proxies/chat", R"({"enabled":false})");
    EXPECT_EQ(get("/proxies/chat")["enabled"], false);
    EXPECT_EQ(ask("POST", "/proxies/chat", R"({"enabled":true})").status, 200);
    EXPECT_EQ(get("/proxies/chat")["listen"], listen);
  }
}

TEST_F(Toxiproxy, NamesCanHaveAnyCharacters) {
  EXPECT_EQ(
      ask("POST", "/proxies", R"({"name":"a b/c","listen":"127.0.0.1:0","upstream":"127.0.0.1:1"})")
          .status,
      201);
  EXPECT_EQ(ask("GET", "/proxies/a%20b%2Fc").status, 200);
}

// As many proxies as a large test suite creates.
TEST_F(Toxiproxy, PopulateTakesAThousandProxiesWithToxics) {
  json list = json::array();
  for (int i = 0; i < 1000; ++i) {
    list.push_back({{"name", "p" + std::to_string(i)},
                    {"listen", "127.0.0.1:0"},
                    {"upstream", "127.0.0.1:1"},
                    {"toxics", {{{"type", "latency"}, {"attributes", {{"latency", i}}}}}}});
  }
  EXPECT_EQ(ask("POST", "/populate", list.dump()).status, 201);
  EXPECT_EQ(get("/proxies").size(), 1000U);
  EXPECT_EQ(get("/proxies/p999/toxics/latency_downstream")["attributes"]["latency"], 999);
}

TEST_F(Toxiproxy, DeepJsonIsRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"name":)";
  deep += '1' + std::string(100'000, '}');
  for (const auto* path : {"/proxies", "/populate"}) {
    EXPECT_EQ(ask("POST", path, deep).status, 400);
    EXPECT_EQ(ask("POST", path, std::string(100'000, '[')).status, 400);
  }
}

TEST_F(Toxiproxy, AnAddressBelongsToOneProxy) {
  ask("POST", "/proxies", kChat);
  const auto listen = get("/proxies/chat")["listen"].get<std::string>();
  const auto port = listen.substr(listen.rfind(':'));
  ask("DELETE", "/proxies/chat");
  const json chat{{"name", "chat"}, {"listen", listen}, {"upstream", "127.0.0.1:1"}};
  ASSERT_EQ(ask("POST", "/proxies", chat.dump()).status, 201);
  for (const auto& where : {listen, "localhost" + port, "0.0.0.0" + port, port, "[::]" + port}) {
    const json other{{"name", "other"}, {"listen", where}, {"upstream", "127.0.0.1:1"}};
    EXPECT_EQ(ask("POST", "/proxies", other.dump()).status, 500) << where;
  }
  EXPECT_EQ(get("/proxies").size(), 1U);
  // An address can be used again after its proxy is deleted or moved.
  EXPECT_EQ(ask("POST", "/proxies/chat", R"({"listen":"127.0.0.1:0"})").status, 200);
  const json heir{{"name", "heir"}, {"listen", listen}, {"upstream", "127.0.0.1:1"}};
  EXPECT_EQ(ask("POST", "/proxies", heir.dump()).status, 201);
}

TEST_F(Toxiproxy, AProxyCanMoveToTheWildcardAddressOfItsPort) {
  std::string port;
  bool moved = false;
  // Another process may use the port at another address. The test then retries with a new port.
  for (int tries = 0; tries < 10 && !moved; ++tries) {
    ask("DELETE", "/proxies/chat");
    ask("POST", "/proxies", kChat);
    const auto listen = get("/proxies/chat")["listen"].get<std::string>();
    port = listen.substr(listen.rfind(':'));
    const json other{{"listen", "0.0.0.0" + port}};
    moved = ask("POST", "/proxies/chat", other.dump()).status == 200;
  }
  EXPECT_TRUE(moved);
  EXPECT_EQ(get("/proxies/chat")["listen"], "0.0.0.0" + port);
}

// A listen address without a host serves IPv4 and IPv6, as Go's net.Listen(":80") does.
TEST_F(Toxiproxy, APortAloneServesBothFamilies) {
  for (const auto* listen : {":0", "[::]:0", ""}) {
    const json proxy{{"name", "any"}, {"listen", listen}, {"upstream", "127.0.0.1:1"}};
    ASSERT_EQ(ask("POST", "/proxies", proxy.dump()).status, 201) << listen;
    const auto port = engine_->bound("any").port;
    EXPECT_TRUE(proxy::connect_to({"127.0.0.1", port, ""})) << listen;
    // Skipped on machines without IPv6.
    if (proxy::bind_to({"::1", 0, ""}, SOCK_STREAM, 1)) {
      EXPECT_TRUE(proxy::connect_to({"::1", port, ""})) << listen;
    }
    ask("DELETE", "/proxies/any");
  }
}

class Http : public testing::Test {
 protected:
  Http() {
    auto server =
        proxy::HttpServer::listen(loop_, {"127.0.0.1", 0, ""}, [this](const auto& request) {
          ++asked_;
          if (request.path == "/large")
            return proxy::HttpResponse{.body = std::string(1 << 18, 'x')};
          return proxy::HttpResponse{.body =
                                         request.method + " " + request.path + " " + request.body};
        });
    server_ = std::move(*server);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Http() override {
    loop_.stop();
    thread_.join();
  }

  // Sends each piece with one write, and returns everything received until the end.
  std::string send(const std::vector<std::string>& pieces) {
    const auto dialled = proxy::start_dial(*proxy::SocketAddress::of(server_->endpoint()));
    pollfd ready{dialled.fd.get(), POLLOUT, 0};
    ::poll(&ready, 1, 5000);
    ::fcntl(dialled.fd.get(), F_SETFL, 0);
    for (const auto& piece : pieces) {
      EXPECT_EQ(::send(dialled.fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(piece.size()));
    }
    std::string got;
    std::array<char, 4096> buffer{};
    while (true) {
      ready = {dialled.fd.get(), POLLIN, 0};
      if (::poll(&ready, 1, 5000) <= 0) return got + "(silence)";
      const auto count = ::recv(dialled.fd.get(), buffer.data(), buffer.size(), 0);
      if (count <= 0) return got;
      got.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  std::atomic<int> asked_{0};
  proxy::Loop loop_;
  std::unique_ptr<proxy::HttpServer> server_;
  std::thread thread_;
};

TEST_F(Http, AnswersDoNotDependOnHowTheBytesAreCut) {
  const std::string requests =
      "POST /a?q=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
      "PUT /b HTTP/1.1\r\nHost: 127.0.0.1:1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
      "GET /c HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n";
  const auto whole = send({requests});
  EXPECT_THAT(whole, HasSubstr("POST /a hello"));
  EXPECT_THAT(whole, HasSubstr("PUT /b abcde"));
  EXPECT_THAT(whole, HasSubstr("GET /c "));
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < requests.size();) {
      const auto size = std::uniform_int_distribution<std::size_t>(1, 40)(random);
      pieces.push_back(requests.substr(at, size));
      at += size;
    }
    EXPECT_EQ(send(pieces), whole);
  }
}

TEST_F(Http, RefusesMalformedRequestsAndForeignHosts) {
  EXPECT_THAT(send({"nonsense\r\n\r\n"}), testing::StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(send({"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"}),
              testing::StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(send({"GET / HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n"}),
              testing::StartsWith("HTTP/1.1 403 "));
}

constexpr auto kGoodbye = "GET /c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST_F(Http, ServesANewClientDespiteManyIdleConnections) {
  std::vector<proxy::Fd> others;
  for (const auto* begun :
       {"", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"}) {
    for (int i = 0; i < 300; ++i) {
      others.push_back(proxy::connect_to(server_->endpoint()));
      ::send(others.back().get(), begun, std::strlen(begun), MSG_NOSIGNAL);
    }
    EXPECT_THAT(send({kGoodbye}), HasSubstr("GET /c ")) << begun;
  }
}

TEST_F(Http, ReadsNoFurtherRequestsWhileResponsesAreUnread) {
  const auto greedy = proxy::connect_to(server_->endpoint());
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ::send(greedy.get(), requests.data(), requests.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  EXPECT_THAT(send({kGoodbye}), HasSubstr("GET /c "));
  // All responses together have 256 MiB. The API produces only as much as the socket buffers and 1
  // MiB hold.
  EXPECT_LT(asked_, 100);
}

TEST_F(Http, AnswersAHalfClosedClient) {
  const auto client = proxy::connect_to(server_->endpoint());
  const std::string request = "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL);
  ::shutdown(client.get(), SHUT_WR);
  std::size_t got = 0;
  std::vector<char> buffer(1 << 16);
  while (true) {
    const auto count = ::recv(client.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    got += static_cast<std::size_t>(count);
  }
  EXPECT_GT(got, 1U << 18);
}

TEST_F(Http, RefusesAPathThatIsNotUtf8) {
  for (const auto* path : {"/%ff", "/a/%c0%af", "/?name=%fe"}) {
    const auto answer = send(
        {"GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"});
    EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 400 ")) << path;
  }
  EXPECT_THAT(send({"GET /%e2%82%ac HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"}),
              testing::StartsWith("HTTP/1.1 200 "));
}

TEST_F(Http, RefusesABodyThatIsTooLarge) {
  std::vector<std::string> pieces{
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"};
  // The server responds before the whole body has arrived.
  for (int i = 0; i < 135; ++i) pieces.push_back(std::string(1 << 16, 'x'));
  EXPECT_THAT(send(pieces), HasSubstr("HTTP/1.1 413 "));
}

}  // namespace
}  // namespace brownout::test
