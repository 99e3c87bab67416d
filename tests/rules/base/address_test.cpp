#include "rules/base/address.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

TEST(Address, PrefixContainsTheAddressesInItsRange) {
  EXPECT_TRUE(parse_prefix("10.1.0.0/16")->contains(*IpAddress::parse("10.1.2.3")));
  EXPECT_FALSE(parse_prefix("10.1.0.0/16")->contains(*IpAddress::parse("10.2.0.1")));
  EXPECT_TRUE(parse_prefix("2001:db8::/32")->contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(parse_prefix("0.0.0.0/0")->contains(*IpAddress::parse("9.9.9.9")));
  EXPECT_FALSE(parse_prefix("0.0.0.0/0")->contains(*IpAddress::parse("::1")));
  EXPECT_TRUE(parse_prefix("::/0")->contains(*IpAddress::parse("9.9.9.9")));
  EXPECT_TRUE(parse_prefix("127.0.0.1")->contains(*IpAddress::parse("127.0.0.1")));
}

TEST(Address, ParsesMappedPrefixAsIpv4) {
  EXPECT_EQ(to_text(*parse_prefix("::ffff:10.0.0.0/104")), "10.0.0.0/8");
  EXPECT_EQ(to_text(*parse_prefix("::ffff:a00:0/104")), "10.0.0.0/8");
  EXPECT_EQ(to_text(*parse_prefix("::ffff:0:0/96")), "0.0.0.0/0");
  EXPECT_EQ(to_text(*parse_prefix("::ffff:10.0.0.1")), "10.0.0.1/32");
  EXPECT_EQ(to_text(*parse_prefix("::ffff:10.0.0.1/128")), "10.0.0.1/32");
  EXPECT_EQ(parse_prefix("::ffff:10.1.0.0/104").error().hint, "did you mean \"10.0.0.0/8\"?");
  for (const auto* text : {"::ffff:10.0.0.0/8", "::ffff:0:0/95", "::ffff:10.0.0.0/129"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

TEST(Address, RejectsHostBitsAndSuggestsThePrefix) {
  const auto result = parse_prefix("10.1.2.3/16");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().hint, "did you mean \"10.1.0.0/16\"?");
  for (const auto* text :
       {"10.1.0.0/33", "10.1/16", "::/129", "host/8", "", "10.0.0.0/-1", "10.0.0.0/8x"}) {
    EXPECT_FALSE(parse_prefix(text)) << text;
  }
}

TEST(Address, ParsesEveryKindOfEndpoint) {
  EXPECT_EQ(*parse_endpoint("127.0.0.1:1883"), (Endpoint{"127.0.0.1", 1883, ""}));
  EXPECT_EQ(*parse_endpoint("[::1]:80"), (Endpoint{"::1", 80, ""}));
  EXPECT_EQ(*parse_endpoint("broker.example:1883"), (Endpoint{"broker.example", 1883, ""}));
  EXPECT_EQ(parse_endpoint("unix:/run/a.sock")->path, "/run/a.sock");
  for (const auto* text : {"", "host", ":80", "host:", "host:99999", "host:80x", "::1:80",
                           "[::1:80", "[host]:1", "unix:", "ho st:1"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
  for (const auto* text : {"127.0.0.1:1883", "[::1]:80", "unix:/run/a.sock", "a.b:1"}) {
    EXPECT_EQ(to_text(*parse_endpoint(text)), text);
  }
}

TEST(Address, PortAloneListensOnEveryAddress) {
  EXPECT_EQ(*parse_listen(":1883"), (Endpoint{"::", 1883, ""}));
  EXPECT_EQ(*parse_listen("[::]:1883"), *parse_listen(":1883"));
  EXPECT_EQ(*parse_listen("127.0.0.1:1883"), *parse_endpoint("127.0.0.1:1883"));
  for (const auto* text : {"", ":", ":x", ":70000", "1883"})
    EXPECT_FALSE(parse_listen(text)) << text;
  EXPECT_TRUE(parse_listen(":1")->is_any_v6());
  EXPECT_TRUE(parse_listen("0.0.0.0:1")->is_any());
  EXPECT_FALSE(parse_listen("0.0.0.0:1")->is_any_v6());
  EXPECT_FALSE(parse_listen("[::1]:1")->is_any());
}

TEST(Address, ParsesAddressWithAndWithoutPort) {
  EXPECT_EQ(parse_address_port("10.1.2.3")->port, 0);
  EXPECT_EQ(parse_address_port("10.1.2.3:1883")->port, 1883);
  EXPECT_EQ(parse_address_port("[::1]:53")->address, *IpAddress::parse("::1"));
  EXPECT_EQ(parse_address_port("::1")->address, *IpAddress::parse("::1"));
  EXPECT_FALSE(parse_address_port("chat.example.org:1883"));
  EXPECT_EQ(to_text(*IpAddress::parse("::1"), 53), "[::1]:53");
}

}  // namespace
}  // namespace brownout::rules
