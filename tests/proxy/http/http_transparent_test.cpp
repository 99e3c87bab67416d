// Tests that valid or common HTTP passes unchanged. Client and server receive the same bytes with
// and without the proxy, and with and without rules that match nothing.
#include <gtest/gtest.h>

#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

struct Exchange {
  std::string asked;
  std::string answered;
};

// A server that closes the connection after its response.
Exchange exchange(const proxy::Endpoint& to, const TestServer& server, const Exchange& sent) {
  const auto client = proxy::connect_to(to);
  send_all(client, sent.asked);
  Exchange got;
  {
    const auto served = server.accept();
    if (!served) return {"(the server was not asked)", receive(client, SIZE_MAX, 300ms).bytes};
    got.asked = receive(served, sent.asked.size()).bytes;
    send_all(served, sent.answered);
  }
  got.answered = receive(client, sent.answered.size()).bytes;
  return got;
}

void expect_transparent(const Exchange& sent) {
  const TestServer server;
  const auto direct = exchange(server.endpoint(), server, sent);
  ASSERT_EQ(direct.asked, sent.asked);
  ASSERT_EQ(direct.answered, sent.answered);
  for (const std::string protocol : {"http", "websocket"}) {
    for (const auto& rules :
         {std::string(), fault("\"abort\", status = 503", "path = \"/never\"")}) {
      ProxyWorld world(
          rules, {.listener = "protocol = \"" + protocol + "\"\n", .servers = server.address()});
      const auto through = exchange(world.endpoint(), server, sent);
      EXPECT_EQ(through.asked, sent.asked) << protocol << rules;
      EXPECT_EQ(through.answered, sent.answered) << protocol << rules << sent.asked.substr(0, 200);
    }
  }
}

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

std::string with_header(const std::string& lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n\r\n";
}
std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

TEST(HttpTransparent, ForwardsTargetsUnchanged) {
  for (const auto& target :
       {std::string("/\xc3\xa9?q=\xe2\x82\xac"), std::string("/\x80\xa0\xff"),
        std::string("/a|b{c}^`<>\"\\"), std::string("http://h/a?b"), std::string("//a//b/../c"),
        std::string("/?"), std::string("/a?b?c#d"), std::string("http://\xc3\xa9.test/"),
        "/" + std::string(8 * 1024, 'a'), "/" + std::string(60 * 1024, 'a')}) {
    expect_transparent({with_target(target), kOk});
  }
  expect_transparent({"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", kOk});
  expect_transparent({"GET / HTTP/1.2\r\nHost: h\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\nok"});
  expect_transparent({"GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nok"});
}

TEST(HttpTransparent, ForwardsRequestHeadersUnchanged) {
  std::string many = "A0: v";
  for (int i = 1; i < 200; ++i) many += "\r\nA" + std::to_string(i) + ": v";
  for (const auto& lines :
       {std::string("X-Name: M\xfcller \xc3\xa9"), std::string("!#$%&'*+-.^_`|~9: v"),
        std::string("X-Empty:\r\nX-Blank: \t\r\nx:y"), std::string("X-Tab: a\tb  c \t"),
        std::string("Cookie: a=\"b\\\"c\"; j={\"k\":[1,2]}; \xe2\x9c\x93"),
        std::string("Connection: keep-alive, TE\r\nTE: trailers"), many}) {
    expect_transparent({with_header(lines), kOk});
  }
}

TEST(HttpTransparent, ForwardsRequestBodiesUnchanged) {
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const auto& body :
       {std::string("Content-Length: 5\r\n\r\nhello"), std::string("Content-Length: 0\r\n\r\n"),
        std::string("Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"),
        std::string("Transfer-Encoding: chunked\r\n\r\n5;a=\"q;\\\"\";b ; c = d\r\nhello\r\n0;last"
                    "\r\nX-Sum: \xe9\r\nT2:\r\n\r\n"),
        std::string("Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")}) {
    expect_transparent({post + body, "HTTP/1.1 100 Continue\r\n\r\n" + kOk});
  }
}

TEST(HttpTransparent, ForwardsResponsesUnchanged) {
  for (const std::string answer : {
           "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
           "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 200 Sch\xf6n\r\nContent-Length: 2\r\n\r\nok",
           "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
           "ICY 200 OK\r\n\r\nnoise",
           "HTTP/1.1 200 OK\r\n\r\nuntil the end",
           "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nSet-Cookie: \xfc\r\n"
           "Content-Length: 2\r\n\r\nok",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=\"y\"\r\nok\r\n0\r\nT: "
           "u\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 200 OK\r\nX Y: a\r\nZ : b\r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 200 OK\r\nX: a\x01\r\nContent-Length: 2\r\n\r\nok",
           "HTTP/1.1 204 No Content\r\n\r\n",
           "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
           "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nConnection: keep-alive, Upgrade\r\n"
           "Upgrade: other\r\n\r\nraw \xff",
       }) {
    const bool upgrade = answer.find(" 101 ") != std::string::npos;
    expect_transparent(
        {upgrade ? with_header("Connection: keep-alive, Upgrade\r\nUpgrade: other") : kGet,
         answer});
  }
}

// A client that is not one of HTTP gets the server's own answer, whatever version requests have.
TEST(HttpTransparent, PassesOtherBytesToServersOfHttp2) {
  ProxyWorld world("", {.listener = "protocol = \"http\"\n", .upstream = "http = \"2\"\n"});
  const auto client = world.connect();
  const std::string sent = "INVALID CONNECTION PREFACE\r\n\r\n";
  send_all(client, sent);
  EXPECT_EQ(receive(client, sent.size()).bytes, sent);
}

}  // namespace
}  // namespace brownout::test
