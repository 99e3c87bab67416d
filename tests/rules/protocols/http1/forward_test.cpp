// Tests the requests of a forward proxy's client: which server a URL names, and which request that
// server gets.
#include "rules/protocols/http1/forward.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

std::string server(std::string_view target) {
  const auto found = rules::server_of(target);
  return found ? to_text(*found) : "none";
}

TEST(Forward, AUrlNamesItsServer) {
  EXPECT_EQ(server("http://chat.example.org/a?b=http://c/"), "chat.example.org:80");
  EXPECT_EQ(server("HTTP://chat.example.org:8080"), "chat.example.org:8080");
  EXPECT_EQ(server("http://chat.example.org:?b"), "chat.example.org:80");
  EXPECT_EQ(server("http://qa:secret@chat.example.org/"), "chat.example.org:80");
  EXPECT_EQ(server("http://[2001:db8::1]/"), "[2001:db8::1]:80");
  EXPECT_EQ(server("http://[2001:db8::1]:81/"), "[2001:db8::1]:81");
  for (const auto* target : {"", "/", "*", "chat.example.org:80", "https://a/", "http:/a",
                             "http://", "http:///a", "http://a:0/", "http://a:65536/",
                             "http://unix:/run/x", "http://a b/", "http://[::1/", "ftp://a/"}) {
    EXPECT_EQ(server(target), "none") << target;
  }
}

std::string direct(const std::string& method, const std::string& target,
                   std::vector<rules::HttpHeader> headers) {
  rules::HttpHead head;
  head.method = method;
  head.target = target;
  head.start_line = method + " " + target + " HTTP/1.1";
  head.headers = std::move(headers);
  rules::make_direct(head);
  const auto once = head.text();
  rules::make_direct(head);
  EXPECT_EQ(head.text(), once) << "a second time changes nothing";
  return once;
}

TEST(Forward, TheServerIsSentAPathAndItsOwnHost) {
  EXPECT_EQ(direct("GET", "http://a:81/x?y#z", {{"Host", "b"}, {"Accept", "*/*"}}),
            "GET /x?y HTTP/1.1\r\nHost: a:81\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(direct("GET", "http://a", {}), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(direct("GET", "http://qa@a?x", {}), "GET /?x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(direct("OPTIONS", "http://a", {}), "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(Forward, HeadersOfTheConnectionStayBehind) {
  EXPECT_EQ(direct("POST", "http://a/",
                   {{"Connection", "X-Mine , close,,Content-Length"},
                    {"x-mine", "1"},
                    {"Proxy-Connection", "keep-alive"},
                    {"Proxy-Authorization", "Basic x"},
                    {"Keep-Alive", "timeout=5"},
                    {"TE", "trailers"},
                    {"Upgrade", "h2c"},
                    {"Content-Length", "2"},
                    {"Transfer-Encoding", "chunked"}}),
            "POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\nHost: "
            "a\r\n\r\n");
}

}  // namespace
}  // namespace brownout::test
