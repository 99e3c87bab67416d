// Tests the reader of the server's name in the first bytes of a client.
#include "rules/protocols/shown_name.h"

#include <gtest/gtest.h>

#include <array>

namespace brownout::codecs {
namespace {

// The name, "" if there is none, or "more".
std::string shown(std::string_view bytes) {
  const auto found = read_shown_name(bytes_of(bytes));
  return found.more ? "more" : found.name;
}

// A ClientHello with no extension but the server's name (RFC 8446, 4.1.2; RFC 6066, 3).
std::string hello(const std::string& name) {
  const auto sized = [](std::string text, int bytes) {
    std::string size;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      size += static_cast<char>(text.size() >> shift & 0xff);
    }
    return size + text;
  };
  const auto sni = std::string("\0\0", 2) + sized(sized('\0' + sized(name, 2), 2), 2);
  const auto body = "\x03\x03" + std::string(32, 'r') + sized("", 1) +
                    sized(std::string("\x13\x01", 2), 2) + sized(std::string(1, '\0'), 1) +
                    sized(sni, 2);
  return "\x16\x03\x01" + sized("\x01" + sized(body, 3), 2);
}

TEST(ShownName, IsTheHostHeaderOrTheSni) {
  EXPECT_EQ(shown("GET / HTTP/1.1\r\nHost: A.Test:8080\r\n\r\n"), "a.test");
  EXPECT_EQ(shown("POST http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\nbody"), "b.test");
  EXPECT_EQ(shown(hello("c.test")), "c.test");
}

TEST(ShownName, NeedsTheWholeHead) {
  const std::string request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
  for (const auto& whole : {request, hello("a.test")}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(shown(std::string_view(whole).substr(0, size)), "more") << size;
    }
    EXPECT_EQ(shown(whole), "a.test");
  }
}

TEST(ShownName, IsNotInOtherProtocols) {
  const std::array<std::string_view, 7> others{
      "PING",        "0005HELLO",  "CONNECT {\"verbose\":false}\r\n", "SSH-2.0-x", "\x10\x1a",
      "get key\r\n", "GET key\r\n"};
  for (const auto text : others) EXPECT_EQ(shown(text), "") << text;
}

TEST(ShownName, IsSoughtInABoundedBeginning) {
  EXPECT_EQ(shown("GET /" + std::string(kMostShown, 'x')), "");
  EXPECT_EQ(shown("GET /" + std::string(kMostShown - 6, 'x')), "more");
}

}  // namespace
}  // namespace brownout::codecs
