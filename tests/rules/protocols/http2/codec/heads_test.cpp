// Tests how heads become header blocks and back: pseudo-headers, headers of HTTP/1 that are left
// out, cookies, CONNECT and interim responses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http2_lab.h"

namespace brownout::test {
namespace {

using codecs::bytes_of;
using rules::HttpHeader;
using testing::HasSubstr;

// Returns the event that the server gets of a request that the client sends.
std::string at_server(const rules::HttpHead& head, std::string_view protocol = "",
                      std::string_view scheme = "https") {
  Http2Lab lab;
  lab.run();
  lab.client.session.send_request(head, scheme, protocol, true);
  lab.run();
  return lab.server.take_log();
}

// Returns the event that the client gets of a response that the server sends.
std::string at_client(const rules::HttpHead& head) {
  Http2Lab lab;
  lab.client.session.send_request(h2_request("GET", "/"), "https", "", true);
  lab.run();
  lab.server.session.send_response(1, head, true);
  lab.run();
  return lab.client.take_log();
}

// Returns what a server makes of a request in raw frames.
std::string received(const H2Fields& fields) {
  H2Peer server(Session::Role::kServer);
  server.receive(std::string(kH2Preface) + h2_frame(kSettings, 0, 0) +
                 h2_frame(kHeaders, kEndHeaders | kEndStream, 1, h2_block(fields)));
  return server.take_log();
}

TEST(Http2Heads, HostBecomesAuthorityAndNamesBecomeLowerCase) {
  EXPECT_EQ(at_server(h2_request("PUT", "/x", {{"X-A", " 1\t"}, {"HOST", "b:8080"}, {"y", ""}})),
            "head 1 PUT /x HTTP/2 [host: b:8080][x-a: 1][y: ] https ended\n");
  EXPECT_EQ(at_server(h2_request("GET", "/", {{"Host", "b"}}), "", "http"),
            "head 1 GET / HTTP/2 [host: b] http ended\n");
}

TEST(Http2Heads, HeadersOfTheConnectionAreLeftOut) {
  const std::vector<HttpHeader> headers{{"Host", "b"},
                                        {"Connection", "close, X-Hop"},
                                        {"connection", "x-other"},
                                        {"Keep-Alive", "timeout=5"},
                                        {"Proxy-Connection", "close"},
                                        {"Transfer-Encoding", "chunked"},
                                        {"Upgrade", "h2c"},
                                        {"HTTP2-Settings", "AAMAAABk"},
                                        {"X-Hop", "1"},
                                        {"X-Other", "2"},
                                        {"X-Stays", "3"}};
  EXPECT_EQ(at_server(h2_request("GET", "/", headers)),
            "head 1 GET / HTTP/2 [host: b][x-stays: 3] https ended\n");
  auto response = headers;
  response.erase(response.begin());
  EXPECT_EQ(at_client(h2_response(200, response)),
            "head 1 HTTP/2 200 OK [x-stays: 3] ended\nclosed 1\n");
}

TEST(Http2Heads, TeStaysIfItHasTrailers) {
  const auto te = [](const std::string& value) {
    return at_server(h2_request("GET", "/", {{"Host", "b"}, {"Connection", "TE"}, {"TE", value}}));
  };
  EXPECT_THAT(te("trailers"), HasSubstr("[te: trailers]"));
  EXPECT_THAT(te("gzip;q=0.5, Trailers"), HasSubstr("[te: trailers]"));
  EXPECT_THAT(te("gzip"), testing::Not(HasSubstr("[te")));
}

TEST(Http2Heads, FieldsThatWouldBeMalformedAreLeftOut) {
  EXPECT_EQ(
      at_server(h2_request(
          "GET", "/", {{"Host", "b"}, {"a b", "1"}, {":x", "1"}, {"", "1"}, {"c", "1\r\nd: 2"}})),
      "head 1 GET / HTTP/2 [host: b] https ended\n");
}

TEST(Http2Heads, TargetsOfAllForms) {
  const auto target = [](const std::string& method, const std::string& text) {
    return at_server(h2_request(method, text, {{"Host", "b"}}));
  };
  EXPECT_EQ(target("GET", "http://c:1/x?y"), "head 1 GET /x?y HTTP/2 [host: c:1] http ended\n");
  EXPECT_EQ(target("GET", "http://c"), "head 1 GET / HTTP/2 [host: c] http ended\n");
  EXPECT_EQ(target("GET", "http://c?q=1"), "head 1 GET /?q=1 HTTP/2 [host: c] http ended\n");
  EXPECT_EQ(target("OPTIONS", "http://c"), "head 1 OPTIONS * HTTP/2 [host: c] http ended\n");
  EXPECT_EQ(target("OPTIONS", "*"), "head 1 OPTIONS * HTTP/2 [host: b] https ended\n");
  EXPECT_EQ(target("GET", "/?u=http://d/"),
            "head 1 GET /?u=http://d/ HTTP/2 [host: b] https ended\n");
}

TEST(Http2Heads, TheTargetOfConnectIsTheAuthority) {
  EXPECT_EQ(at_server(h2_request("CONNECT", "b:443", {{"Host", "b:443"}})),
            "head 1 CONNECT b:443 HTTP/2 [host: b:443] ended\n");
}

TEST(Http2Heads, ExtendedConnectHasAProtocolAndAPath) {
  EXPECT_EQ(at_server(h2_request("CONNECT", "/chat", {{"Host", "b"}}), "websocket"),
            "head 1 CONNECT /chat HTTP/2 [host: b] https protocol=websocket ended\n");
  Session::Options none;
  none.extended_connect = false;
  Http2Lab lab(none);
  EXPECT_FALSE(lab.client.session.accepts_extended_connect());
  lab.run();
  EXPECT_FALSE(lab.client.session.accepts_extended_connect());
  EXPECT_EQ(
      lab.client.session.send_request(h2_request("CONNECT", "/chat"), "https", "websocket", false),
      0);
}

TEST(Http2Heads, ATunnelOfConnect) {
  Http2Lab lab;
  auto& client = lab.client.session;
  client.send_request(h2_request("CONNECT", "b:1", {}), "", "", false);
  client.send_data(1, bytes_of("ping"));
  lab.run(7);
  lab.server.session.send_response(1, h2_response(200), false);
  lab.server.session.send_data(1, bytes_of("pong"));
  lab.run(7);
  EXPECT_EQ(lab.server.bodies[1], "ping");
  EXPECT_EQ(lab.client.bodies[1], "pong");
  client.send_end(1, {});
  lab.server.session.send_end(1, {});
  lab.run(7);
  EXPECT_THAT(lab.client.log, HasSubstr("end 1\nclosed 1\n"));
}

TEST(Http2Heads, ReceivedHeadersKeepTheirOrder) {
  EXPECT_EQ(received(h2_get("/x") + H2Fields{{"b", "1"}, {"a", "2"}, {"b", "3"}}),
            "head 1 GET /x HTTP/2 [host: a.example][b: 1][a: 2][b: 3] https ended\n");
  const H2Fields with_host{
      {":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"a", "1"}, {"host", "b"}};
  EXPECT_EQ(received(with_host), "head 1 GET / HTTP/2 [a: 1][host: b] http ended\n");
}

// Returns the head that a server receives.
rules::HttpHead received_head(const H2Fields& fields) {
  rules::HttpHead head;
  struct Taker final : Session::Owner {
    explicit Taker(rules::HttpHead& where) : head(where) {}
    void on_head(StreamId, rules::HttpHead&& received, std::string_view, std::string_view,
                 bool) override {
      head = std::move(received);
    }
    void on_interim(StreamId, rules::HttpHead&&) override {}
    void on_data(StreamId, http2::ByteView) override {}
    void on_end(StreamId, std::vector<HttpHeader>) override {}
    void on_reset(StreamId, std::uint32_t, bool, std::string_view) override {}
    void on_closed(StreamId) override {}
    void on_sent(StreamId, std::size_t) override {}
    void on_goaway(StreamId, std::uint32_t) override {}
    void on_settings(std::uint32_t) override {}
    void on_failed(std::string_view) override {}
    rules::HttpHead& head;
  } taker(head);
  Session session(Session::Role::kServer, taker, {});
  session.receive(bytes_of(std::string(kH2Preface) + h2_frame(kSettings, 0, 0) +
                           h2_frame(kHeaders, kEndHeaders, 1, h2_block(fields))),
                  {});
  return head;
}

TEST(Http2Heads, TheTextOfAHeadIsThatOfHttp1) {
  const auto head = received_head(h2_get() + H2Fields{{"x-a", "b"}});
  EXPECT_EQ(head.text(), "GET / HTTP/1.1\r\nhost: a.example\r\nx-a: b\r\n\r\n");
}

// Headers that arrived over HTTP/2 pass as they are, but a rule may add others to them.
TEST(Http2Heads, HeadersThatAreAddedToAReceivedHeadAreStillChecked) {
  auto head = received_head(h2_get() + H2Fields{{"x-a", "b"}, {"x-b", "c"}, {"te", "trailers"}});
  head.set("x-a", " d ");
  head.append("X-Up", "1");
  head.append("keep-alive", "5");
  EXPECT_EQ(at_server(head),
            "head 1 GET / HTTP/2 [host: a.example][x-a: d][x-b: c][te: trailers][x-up: 1] https "
            "ended\n");
  head.append("Connection", "x-b");
  EXPECT_EQ(at_server(head),
            "head 1 GET / HTTP/2 [host: a.example][x-a: d][te: trailers][x-up: 1] https ended\n");
  head = received_head(h2_get() + H2Fields{{"http2-settings", "AAMAAABk"}});
  EXPECT_EQ(at_server(head), "head 1 GET / HTTP/2 [host: a.example] https ended\n");
}

TEST(Http2Heads, CookiesBecomeOneHeaderAtThePlaceOfTheFirst) {
  EXPECT_EQ(received(h2_get() +
                     H2Fields{{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c=3"}}),
            "head 1 GET / HTTP/2 [host: a.example][cookie: a=1; b=2; c=3][x: y] https ended\n");
}

TEST(Http2Heads, CookiesOfOneRequestDoNotReachTheNext) {
  H2Raw raw(Session::Role::kServer);
  const auto first = h2_block(h2_get() + H2Fields{{"x", "y"}, {"cookie", "a=1"}});
  const auto second = h2_block(h2_get() + H2Fields{{"cookie", "b=2"}});
  raw.answer(h2_frame(kHeaders, kEndHeaders | kEndStream, 1, first) +
             h2_frame(kHeaders, kEndHeaders | kEndStream, 3, second));
  EXPECT_THAT(
      raw.peer.take_log(),
      testing::EndsWith("head 3 GET / HTTP/2 [host: a.example][cookie: b=2] https ended\n"));
}

TEST(Http2Heads, AHostThatEqualsAuthorityIsLeftOut) {
  EXPECT_EQ(received(h2_get() + H2Fields{{"x", "y"}, {"host", "A.example:443"}}),
            "head 1 GET / HTTP/2 [host: a.example][x: y] https ended\n");
}

TEST(Http2Heads, InterimResponsesPrecedeTheFinal) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Http2Lab lab;
    lab.client.session.send_request(h2_request("GET", "/"), "https", "", true);
    lab.run(seed);
    auto& server = lab.server.session;
    server.send_interim(1, h2_response(100));
    server.send_interim(1, h2_response(101, {{"Upgrade", "x"}}));
    server.send_interim(1, h2_response(103, {{"Link", "</a>"}}));
    server.send_response(1, h2_response(200), false);
    server.send_interim(1, h2_response(103));  // too late
    server.send_response(1, h2_response(500), false);
    server.send_end(1, {{"T", "1"}, {"Connection", "x"}});
    lab.run(seed);
    EXPECT_EQ(lab.client.take_log(),
              "interim 1 HTTP/2 100\ninterim 1 HTTP/2 103 [link: </a>]\nhead 1 HTTP/2 200 OK\n"
              "end 1 [t: 1]\nclosed 1\n");
  }
}

TEST(Http2Heads, TrailersThatAreAllLeftOutDoNotPreventTheEnd) {
  Http2Lab lab;
  lab.client.session.send_request(h2_request("POST", "/"), "https", "", false);
  lab.client.session.send_end(1, {{"Connection", "close"}, {"Content-Length", "9"}, {"Host", "b"}});
  lab.run();
  EXPECT_THAT(lab.server.take_log(), testing::EndsWith("https\nend 1\n"));
}

TEST(Http2Heads, ALongHeadTravelsInContinuations) {
  Session::Options large;
  large.max_head = 200'000;
  const std::string value(150'000, 'v');
  for (unsigned seed = 0; seed < 5; ++seed) {
    Http2Lab lab(large, large);
    lab.client.session.send_request(
        h2_request("GET", "/",
                   {{"Host", "b"}, {"X", value.substr(0, 60'000)}, {"Y", value.substr(0, 60'000)}}),
        "https", "", true);
    lab.run(seed);
    EXPECT_EQ(
        lab.server.log.size(),
        120'000 + std::string("head 1 GET / HTTP/2 [host: b][x: ][y: ] https ended\n").size());
  }
}

TEST(Http2Heads, AHeadThatIsTooLargeToSendEndsItsStreamOnly) {
  const HttpHeader large{"X", std::string(300'000, 'v')};
  Http2Lab lab;
  EXPECT_EQ(lab.client.session.send_request(h2_request("GET", "/", {large}), "https", "", true), 1);
  lab.run();
  EXPECT_EQ(lab.client.take_log(),
            "reset 1 2: the header fields are too large to send\nclosed 1\n");
  EXPECT_EQ(lab.client.session.send_request(h2_request("GET", "/"), "https", "", true), 3);
  lab.run();
  EXPECT_EQ(lab.server.take_log(), "head 3 GET / HTTP/2 [host: a.example] https ended\n");
  lab.server.session.send_response(3, h2_response(200, {large}), true);
  lab.run();
  EXPECT_EQ(lab.server.take_log(),
            "reset 3 2: the header fields are too large to send\nclosed 3\n");
  EXPECT_EQ(lab.client.take_log(), "reset 3 2\nclosed 3\n");
}

}  // namespace
}  // namespace brownout::test
