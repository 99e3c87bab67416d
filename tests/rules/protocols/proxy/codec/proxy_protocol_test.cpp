#include "rules/protocols/proxy/codec/proxy_protocol.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using codecs::ProxyHeader;
using codecs::read_proxy_header;
using codecs::write_proxy_header;
using rules::IpAddress;
using HeaderState = ProxyHeader::State;
using namespace std::string_literals;

std::optional<IpAddress> ip(const char* text) { return IpAddress::parse(text); }

TEST(ProxyProtocol, ReadsWrittenHeadersInPiecesOfAnySize) {
  for (const int version : {1, 2}) {
    for (const auto& [client, server] :
         {std::pair{"192.0.2.7", "10.0.0.1"}, std::pair{"2001:db8::7", "2001:db8::1"}}) {
      const auto header = write_proxy_header(version, ip(client), 40000, ip(server), 443);
      for (std::size_t i = 0; i < header.size(); ++i) {
        EXPECT_EQ(read_proxy_header(codecs::bytes_of(std::string_view(header).substr(0, i))).state,
                  HeaderState::kMore);
      }
      const auto read = read_proxy_header(codecs::bytes_of(header + "PROXY "));
      EXPECT_EQ(read.state, HeaderState::kHeader);
      EXPECT_EQ(read.length, header.size());
      EXPECT_EQ(read.client, ip(client));
      EXPECT_EQ(read.client_port, 40000);
    }
  }
}

// Examples from sections 2.1 and 2.2 of the PROXY protocol specification.
TEST(ProxyProtocol, WritesTheExamplesOfTheSpecification) {
  EXPECT_EQ(write_proxy_header(1, ip("255.255.255.255"), 65535, ip("10.0.0.1"), 443),
            "PROXY TCP4 255.255.255.255 10.0.0.1 65535 443\r\n");
  EXPECT_EQ(write_proxy_header(1, std::nullopt, 0, ip("10.0.0.1"), 443), "PROXY UNKNOWN\r\n");
  EXPECT_EQ(write_proxy_header(2, ip("1.2.3.4"), 258, ip("5.6.7.8"), 772),
            "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\1\2\3\4"s);
  EXPECT_EQ(write_proxy_header(2, ip("1.2.3.4"), 1, std::nullopt, 1).substr(12), "\x20\0\0\0"s);
}

// IPv4-mapped IPv6 addresses: RFC 4291, 2.5.5.2.
TEST(ProxyProtocol, WritesMixedFamiliesAsIpv6) {
  EXPECT_EQ(write_proxy_header(1, ip("192.0.2.7"), 4000, ip("2001:db8::1"), 443),
            "PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 4000 443\r\n");
  EXPECT_EQ(write_proxy_header(1, ip("2001:db8::7"), 4000, ip("10.0.0.1"), 443),
            "PROXY TCP6 2001:db8::7 ::ffff:10.0.0.1 4000 443\r\n");
  EXPECT_EQ(write_proxy_header(2, ip("1.2.3.4"), 258, ip("::1"), 772).substr(12),
            "\x21\x21\0\x24"s + std::string(10, '\0') + "\xff\xff\1\2\3\4"s +
                std::string(15, '\0') + "\1\1\2\3\4"s);
  for (const int version : {1, 2}) {
    for (const auto& [client, server] :
         {std::pair{"192.0.2.7", "2001:db8::1"}, std::pair{"2001:db8::7", "10.0.0.1"}}) {
      const auto header = write_proxy_header(version, ip(client), 40000, ip(server), 443);
      const auto read = read_proxy_header(codecs::bytes_of(header));
      EXPECT_EQ(read.state, HeaderState::kHeader) << header;
      EXPECT_EQ(read.client, ip(client));
    }
  }
}

// PROXY protocol, section 2.2: the stated length includes bytes after the addresses, and addresses
// of unknown families.
TEST(ProxyProtocol, TheHeaderHasTheStatedLength) {
  const auto with = [](const std::string& kind, const std::string& addresses, std::size_t more) {
    const auto size = addresses.size() + more;
    return "\r\n\r\n\0\r\nQUIT\n"s + kind + static_cast<char>(size >> 8) +
           static_cast<char>(size & 255) + addresses + std::string(more, 't');
  };
  const auto v4 = "\1\2\3\4\5\6\7\x08\1\2\3\4"s;
  for (const std::size_t more : {0U, 3U, 5000U, 65'523U}) {
    const auto header = with("\x21\x11", v4, more);
    EXPECT_EQ(read_proxy_header(codecs::bytes_of(header.substr(0, header.size() - 1))).state,
              HeaderState::kMore);
    const auto read = read_proxy_header(codecs::bytes_of(header + "GET"));
    EXPECT_EQ(read.length, header.size());
    EXPECT_EQ(read.client, ip("1.2.3.4"));
  }
  for (const auto& header : {with("\x21\x31", std::string(216, 'u'), 7), with("\x20\x11", v4, 7),
                             with("\x21"s + '\0', "", 9)}) {
    const auto read = read_proxy_header(codecs::bytes_of(header));
    EXPECT_EQ(read.state, HeaderState::kHeader);
    EXPECT_EQ(read.length, header.size());
    EXPECT_FALSE(read.client) << "a unix socket, LOCAL, or UNKNOWN";
  }
}

TEST(ProxyProtocol, ALocalHeaderHasNoClient) {
  for (const auto& header :
       {"PROXY UNKNOWN\r\n"s, "PROXY UNKNOWN anything at all\r\n"s,
        "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"s, "\r\n\r\n\0\r\nQUIT\n\x21\0\0\3abc"s}) {
    const auto read = read_proxy_header(codecs::bytes_of(header));
    EXPECT_EQ(read.state, HeaderState::kHeader);
    EXPECT_EQ(read.length, header.size());
    EXPECT_FALSE(read.client);
  }
}

TEST(ProxyProtocol, RejectsOtherBytesAtOnce) {
  for (const auto& bytes :
       {"GET / HTTP/1.1\r\n"s, "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"s, "PROXY TCP4 ::1 ::1 1 1\r\n"s,
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n"s, "PROXY TCP4 1.2.3.4 5.6.7.8 99999 1\r\n"s,
        "PROXY " + std::string(200, 'x'), "\r\n\r\n\0\r\nQUIT\n\x11\x11\0\x0c"s,
        "\r\n\r\n\0\r\nQUIT\n\x22\x11\0\0"s, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\1x"s,
        "PROXY TCP4 ::ffff:1.2.3.4 5.6.7.8 1 1\r\n"s}) {
    EXPECT_EQ(read_proxy_header(codecs::bytes_of(bytes)).state, HeaderState::kBroken) << bytes;
  }
}

}  // namespace
}  // namespace brownout::test
