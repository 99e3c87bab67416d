// Tests the reader of the parameters of a URL's query.
#include "rules/protocols/http1/query.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace brownout::rules {
namespace {

// "name=value|" for each parameter.
std::string parameters(std::string_view query) {
  std::string text;
  any_parameter(query, [&](std::string_view name, std::string_view value) {
    text += std::string(name) + "=" + std::string(value) + "|";
    return false;
  });
  return text;
}

TEST(Query, HasParameters) {
  EXPECT_EQ(parameters(""), "");
  EXPECT_EQ(parameters("page=1"), "page=1|");
  EXPECT_EQ(parameters("a=1&b=2&a=3"), "a=1|b=2|a=3|");
  EXPECT_EQ(parameters("flag&x=&=y&&z"), "flag=|x=|=y|z=|");
  EXPECT_EQ(parameters("a=b=c"), "a=b=c|");
}

TEST(Query, IsDecoded) {
  EXPECT_EQ(parameters("n%61me=J%C3%B6rg+B"), "name=J\xc3\xb6rg B|");
  EXPECT_EQ(parameters("a=1%262&b=%3D%2b"), "a=1&2|b==+|");
  EXPECT_EQ(parameters("a=100%&b=%4&c=%zz&d=%%41"), "a=100%|b=%4|c=%zz|d=%A|");
}

TEST(Query, StopsAtTheParameterThatIsSought) {
  int seen = 0;
  EXPECT_TRUE(any_parameter("a=1&b=2&c=3", [&](std::string_view name, std::string_view) {
    ++seen;
    return name == "b";
  }));
  EXPECT_EQ(seen, 2);
}

TEST(Query, MayBeAnyText) {
  std::mt19937 random(1);
  const std::string_view alphabet = "a=&%+4\x80";
  for (int i = 0; i < 20'000; ++i) {
    std::string query;
    for (auto length = random() % 12; length > 0; --length) query += alphabet[random() % 7];
    std::size_t size = 0;
    any_parameter(query, [&](std::string_view name, std::string_view value) {
      size += name.size() + value.size();
      return false;
    });
    EXPECT_LE(size, query.size()) << query;
  }
}

}  // namespace
}  // namespace brownout::rules
