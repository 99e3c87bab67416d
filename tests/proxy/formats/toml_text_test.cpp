#include "proxy/formats/toml_text.h"

#include <gtest/gtest.h>

#include "rules/language/load_toml.h"

namespace brownout::codecs {
namespace {

using rules::Node;

TEST(TomlText, IsReadBackAsTheSameValue) {
  const Node table{Node::Table{
      {"a", {}, Node{true}},
      {"b", {}, Node{std::int64_t{-7}}},
      {"c", {}, Node{2.0}},
      {"d e", {}, Node{std::string("x\"\\\n\t\x7f\x01 \xc3\xa9")}},
      {"f", {}, Node{Node::Array{Node{std::string("")}, Node{0.5}, Node{Node::Table{}}}}}}};
  const auto read = rules::parse_toml("value = " + toml_text(table) + "\n");
  ASSERT_TRUE(read) << toml_text(table);
  EXPECT_EQ(canonical(*read->find("value")), canonical(table));
}

TEST(TomlText, IsValidForAnyBytes) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_TRUE(rules::parse_toml("value = " + toml_string(bytes)));
}

}  // namespace
}  // namespace brownout::codecs
