#include "rules/protocols/proxy/codec/proxy_request.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using codecs::ProxyRequest;
using RequestState = ProxyRequest::State;
using namespace std::string_literals;

struct Talk {
  RequestState state = RequestState::kMore;
  std::string said;
  std::size_t taken = 0;
};

// Feeds all of `bytes`, `size` at a time. Bytes that the parser did not consume are passed again,
// followed by the next ones.
Talk talk(ProxyRequest& request, std::string_view bytes, std::size_t size) {
  Talk talk;
  for (auto seen = std::min(size, bytes.size()); talk.state == RequestState::kMore;) {
    const auto step = request.feed(codecs::bytes_of(bytes.substr(talk.taken, seen - talk.taken)));
    talk.state = step.state;
    talk.taken += step.taken;
    talk.said += step.reply;
    if (step.state != RequestState::kMore || (step.taken > 0 && talk.taken < seen)) continue;
    if (seen == bytes.size()) break;
    seen = std::min(seen + size, bytes.size());
  }
  return talk;
}

const std::string kGreeting = "\x05\x02\x00\x02"s;
const std::string kByName =
    "\x05\x01\x00\x03\x10"
    "chat.example.org"
    "\x14\x66"s;

TEST(ProxyRequest, SocksNamesAndAddressesInChunksOfAnySize) {
  for (std::size_t size = 1; size < 40; ++size) {
    ProxyRequest request({});
    const auto all = talk(request, kGreeting + kByName + "and more", size);
    EXPECT_EQ(all.state, RequestState::kTarget);
    EXPECT_EQ(all.said, "\x05\x00"s);
    EXPECT_EQ(all.taken, (kGreeting + kByName).size()) << "the bytes after the request are payload";
    EXPECT_EQ(to_text(request.target()), "chat.example.org:5222");
  }
  ProxyRequest v4({});
  talk(v4, kGreeting + "\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"s, 3);
  EXPECT_EQ(to_text(v4.target()), "192.0.2.1:80");
  ProxyRequest v6({});
  talk(v6,
       kGreeting + "\x05\x01\x00\x04\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01\x00\x50"s,
       3);
  EXPECT_EQ(to_text(v6.target()), "[2001:db8::1]:80");
}

TEST(ProxyRequest, SocksAsksForAPasswordAndChecksIt) {
  const auto with = [](const std::string& name, const std::string& password) {
    return kGreeting + "\x01" + static_cast<char>(name.size()) + name +
           static_cast<char>(password.size()) + password + kByName;
  };
  ProxyRequest right({.username = "qa", .password = "secret"});
  const auto all = talk(right, with("qa", "secret"), 4);
  EXPECT_EQ(all.state, RequestState::kTarget);
  EXPECT_EQ(all.said, "\x05\x02\x01\x00"s);
  for (const auto& wrong : {with("qa", "secre"), with("qb", "secret"), with("", "")}) {
    ProxyRequest request({.username = "qa", .password = "secret"});
    const auto refused = talk(request, wrong, 100);
    EXPECT_EQ(refused.state, RequestState::kRefused);
    EXPECT_EQ(refused.said, "\x05\x02\x01\x01"s);
  }
  // This client offers no method with a password.
  ProxyRequest request({.username = "qa", .password = "secret"});
  EXPECT_EQ(talk(request, "\x05\x01\x00"s, 100).said, "\x05\xff"s);
}

TEST(ProxyRequest, SocksReportsUnsupportedRequests) {
  ProxyRequest bind({});
  EXPECT_EQ(
      talk(bind, kGreeting + "\x05\x02\x00\x01\x01\x02\x03\x04\x00\x50"s, 100).said.substr(2, 2),
      "\x05\x07"s);
  ProxyRequest type({});
  EXPECT_EQ(talk(type, kGreeting + "\x05\x01\x00\x09\x01\x02\x03"s, 100).said.substr(2, 2),
            "\x05\x08"s);
  ProxyRequest dirty({});
  EXPECT_EQ(talk(dirty, kGreeting + "\x05\x01\x00\x03\x02\x0a\x0d\x00\x50"s, 100).state,
            RequestState::kRefused);
}

// A client with a password offers only that method, as Firefox does.
TEST(ProxyRequest, AcceptsAnyPasswordIfNoneIsRequired) {
  ProxyRequest request({});
  const auto all = talk(request, "\x05\x01\x02\x01\x02qa\x01x"s + kByName, 3);
  EXPECT_EQ(all.state, RequestState::kTarget);
  EXPECT_EQ(all.said, "\x05\x02\x01\x00"s);
  ProxyRequest neither({});
  EXPECT_EQ(talk(neither, "\x05\x01\x01"s, 100).said, "\x05\xff"s) << "GSSAPI alone";
}

const std::string kGranted = "\x00\x5a\x00\x00\x00\x00\x00\x00"s;
const std::string kRejected = "\x00\x5b\x00\x00\x00\x00\x00\x00"s;

TEST(ProxyRequest, Socks4AddressesAndNamesInChunksOfAnySize) {
  const std::string address = "\x04\x01\x00\x50\xc0\x00\x02\x01qa\x00"s;
  const std::string name = "\x04\x01\x14\x66\x00\x00\x00\x01\x00"s + "chat.example.org" + '\0';
  for (std::size_t size = 1; size < 40; ++size) {
    for (const auto& [said, target] : {std::pair{address, std::string("192.0.2.1:80")},
                                       std::pair{name, std::string("chat.example.org:5222")}}) {
      ProxyRequest request({});
      const auto all = talk(request, said + "and more", size);
      EXPECT_EQ(all.state, RequestState::kTarget);
      EXPECT_EQ(all.said, "") << "the reply follows once the server is connected";
      EXPECT_EQ(all.taken, said.size()) << "the bytes after the request are payload";
      EXPECT_EQ(to_text(request.target()), target);
      EXPECT_EQ(request.connected(), kGranted);
      EXPECT_EQ(request.failed(ProxyRequest::Failure::kNoSuchHost, "x"), kRejected);
    }
  }
}

TEST(ProxyRequest, Socks4RefusalsHaveTheCodeOfSocks4) {
  const auto said = [](const std::string& bytes, ProxyRequest::Credentials who = {}) {
    ProxyRequest request(std::move(who));
    const auto all = talk(request, bytes, 7);
    EXPECT_EQ(all.state, RequestState::kRefused);
    return all.said;
  };
  const std::string connect = "\x04\x01\x00\x50\xc0\x00\x02\x01"s;
  EXPECT_EQ(said("\x04\x02\x00\x50\xc0\x00\x02\x01\x00"s), kRejected) << "BIND";
  EXPECT_EQ(said(connect + std::string(300, 'u')), kRejected) << "a name without an end";
  EXPECT_EQ(said("\x04\x01\x00\x50\x00\x00\x00\x01\x00"s + std::string(300, 'h')), kRejected);
  EXPECT_EQ(said("\x04\x01\x00\x50\x00\x00\x00\x01\x00\x00"s), kRejected) << "an empty host";
  EXPECT_EQ(said("\x04\x01\x00\x50\x00\x00\x00\x01\x00\r\n\x00"s), kRejected);
  EXPECT_EQ(said("\x04\x01\x00\x00\xc0\x00\x02\x01\x00"s), kRejected) << "port 0";
  EXPECT_EQ(said(connect + "qa\x00"s, {.username = "qa", .password = "secret"}), kRejected)
      << "SOCKS4 has no password";
  EXPECT_EQ(said(connect + "qb\x00"s, {.username = "qa"}), kRejected);
  ProxyRequest named({.username = "qa"});
  EXPECT_EQ(talk(named, connect + "qa\x00"s, 7).state, RequestState::kTarget);
}

TEST(ProxyRequest, OtherProtocolsGetAnErrorAtOnce) {
  for (const auto& bytes :
       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, "\x00"s, "GET \xff"s}) {
    ProxyRequest request({});
    const auto all = talk(request, bytes, 1);
    EXPECT_EQ(all.state, RequestState::kRefused);
    EXPECT_EQ(all.said.substr(9, 3), "400");
  }
}

TEST(ProxyRequest, ConnectInChunksOfAnySize) {
  const std::string head =
      "CONNECT chat.example.org:443 HTTP/1.1\r\nHost: chat.example.org\r\n\r\n";
  for (std::size_t size = 1; size < 90; size += 3) {
    ProxyRequest request({});
    const auto all = talk(request, head + "\x16\x03", size);
    EXPECT_EQ(all.state, RequestState::kTarget);
    EXPECT_EQ(all.taken, head.size());
    EXPECT_EQ(to_text(request.target()), "chat.example.org:443");
    EXPECT_TRUE(request.connected().starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(
        request.failed(ProxyRequest::Failure::kNoSuchHost, "x").starts_with("HTTP/1.1 502 "));
  }
}

TEST(ProxyRequest, ARequestForAUrlIsLeftToAParserOfHttp) {
  const std::string head =
      "POST http://chat.example.org:81/a HTTP/1.1\r\nHost: x\r\n"
      "Proxy-Authorization: Basic cWE6c2VjcmV0\r\n\r\n";
  for (std::size_t size = 1; size < 90; size += 3) {
    ProxyRequest request({.username = "qa", .password = "secret"});
    const auto all = talk(request, head + "body", size);
    EXPECT_EQ(all.state, RequestState::kForward);
    EXPECT_EQ(all.taken, 0U);
    EXPECT_EQ(all.said, "");
    EXPECT_EQ(to_text(request.target()), "chat.example.org:81");
  }
}

// RFC 9112, 2.2: a parser may accept LF alone as the end of a line.
TEST(ProxyRequest, ConnectWithLinesThatEndInLfAlone) {
  for (const std::size_t size : {1U, 7U, 100U}) {
    ProxyRequest request({.username = "qa", .password = "secret"});
    const std::string head =
        "CONNECT chat.example.org:443 HTTP/1.0\nProxy-Authorization: basic cWE6c2VjcmV0 \n\n";
    const auto all = talk(request, head + "\n", size);
    EXPECT_EQ(all.state, RequestState::kTarget);
    EXPECT_EQ(all.taken, head.size());
  }
}

TEST(ProxyRequest, ConnectRefusalsHaveAFittingStatus) {
  const auto status = [](ProxyRequest::Credentials who, const std::string& head) {
    ProxyRequest request(std::move(who));
    return talk(request, head, 100000).said.substr(9, 3);
  };
  EXPECT_EQ(status({}, "GET /path HTTP/1.1\r\nHost: a\r\n\r\n"), "400");
  EXPECT_EQ(status({}, "GET https://chat.example.org/ HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status({}, "hello\r\n\r\n"), "400");
  EXPECT_EQ(status({}, "CONNECT HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status({}, "CONNECT nowhere HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status({}, "CONNECT unix:/run/x HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status({}, std::string(70000, 'a')), "431");
  const ProxyRequest::Credentials who{.username = "qa", .password = "secret"};
  EXPECT_EQ(status(who, "CONNECT a:1 HTTP/1.1\r\n\r\n"), "407");
  EXPECT_EQ(status(who, "GET http://a/ HTTP/1.1\r\n\r\n"), "407");
  EXPECT_EQ(status(who, "CONNECT a:1 HTTP/1.1\r\nProxy-Authorization: Basic cWE6d3Jvbmc=\r\n\r\n"),
            "407");
  ProxyRequest right(who);
  EXPECT_EQ(
      talk(right, "CONNECT a:1 HTTP/1.1\r\nPROXY-authorization:  Basic cWE6c2VjcmV0\r\n\r\n", 1000)
          .state,
      RequestState::kTarget);
}

}  // namespace
}  // namespace brownout::test
