#include "proxy/formats/yaml_document.h"

#include <gtest/gtest.h>

#include "rules/schema/node.h"

namespace brownout::codecs {
namespace {

std::string read(const std::string& text) {
  const auto node = parse_yaml(text);
  return node ? canonical(*node) : node.error().what;
}

TEST(YamlDocument, HasTheValuesOfTheCoreSchema) {
  EXPECT_EQ(read("a: 1\nb: 1.5\nc: true\nd: 1s\ne: \"1\"\nf: [x, -2]\n"),
            read(R"({"a": 1, "b": 1.5, "c": true, "d": "1s", "e": "1", "f": ["x", -2]})"));
  const auto node = parse_yaml("a: 1\nb:\n  c: '2'\n  d: 3e2\n  e: ~\n");
  ASSERT_TRUE(node);
  EXPECT_EQ(std::get<std::int64_t>(node->find("a")->value), 1);
  EXPECT_EQ(*node->find("b")->find("c")->string(), "2");
  EXPECT_EQ(std::get<double>(node->find("b")->find("d")->value), 300);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(node->find("b")->find("e")->value));
  EXPECT_EQ(node->find("b")->find("c")->where, (rules::Position{3, 6}));
}

TEST(YamlDocument, RepeatsAliasesAndListsDocuments) {
  EXPECT_EQ(read("a: &x [1, 2]\nb: *x\n"), read("a: [1, 2]\nb: [1, 2]\n"));
  EXPECT_EQ(read("--- 1\n--- 2\n"), read("[1, 2]"));
}

TEST(YamlDocument, SaysWhereItIsNone) {
  EXPECT_EQ(read("a: [1\nb: 2").substr(0, 13), "line 2, colum");
  EXPECT_EQ(read("a: *x"), "line 1, column 4: no value has the anchor \"x\"");
  EXPECT_EQ(read("? [1]\n: 2"), "line 1, column 3: a key is not a text (put quotes around it)");
  EXPECT_EQ(read(std::string(kMostYamlBytes + 1, ' ')), "more than 4 MiB of YAML");
}

}  // namespace
}  // namespace brownout::codecs
