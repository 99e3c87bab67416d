#include "rules/protocols/grpc/grpc_descriptors.h"

#include <gtest/gtest.h>

#include "tests/support/protobuf_words.h"

namespace brownout::test {
namespace {

using Texts = std::vector<std::string>;

rules::GrpcDescriptors shop() { return rules::GrpcDescriptors::parse(shop_descriptors()).value(); }

Texts values(const std::string& path, const std::string& message, bool from_server = true) {
  return shop().values("shop.Orders", "Watch", from_server, message, path);
}

TEST(GrpcDescriptors, ReadTheValuesOfFields) {
  const auto order = pb_text(1, "47") + pb_number(2, 12) + pb_number(3, 1);
  const auto update = pb_text(1, order) + pb_text(2, pb_text(1, "a") + pb_text(4, "x")) +
                      pb_text(2, pb_text(1, "b") + pb_text(4, "y") + pb_text(4, "z")) +
                      pb_number(4, 1);
  EXPECT_EQ(values("order.id", update), Texts{"47"});
  EXPECT_EQ(values("order.count", update), Texts{"12"});
  EXPECT_EQ(values("order.paid", update), Texts{"true"});
  EXPECT_EQ(values("others.id", update), (Texts{"a", "b"}));
  EXPECT_EQ(values("others.tags", update), (Texts{"x", "y", "z"}));
  EXPECT_EQ(values("kind", update), Texts{"OLD"});
  EXPECT_EQ(values("price", update), Texts{"0"});
  EXPECT_EQ(values("id", order, false), Texts{"47"});
  EXPECT_EQ(values("paid", "", false), Texts{"false"});
  // A message that is absent has no fields.
  EXPECT_EQ(values("order.id", ""), Texts{});
}

TEST(GrpcDescriptors, ReadNothingOfUnknownTypesAndBrokenMessages) {
  const auto update = pb_text(1, pb_text(1, "47"));
  for (const std::string path :
       {"", "order", "order.", "order.none", "order.id.more", ".", "none"}) {
    EXPECT_EQ(values(path, update), Texts{}) << path;
  }
  EXPECT_EQ(shop().values("shop.Other", "Watch", true, update, "order.id"), Texts{});
  EXPECT_EQ(shop().values("shop.Orders", "Get", true, update, "order.id"), Texts{});
  EXPECT_EQ(rules::GrpcDescriptors().values("shop.Orders", "Watch", true, update, "order.id"),
            Texts{});
  EXPECT_EQ(values("order.id", update.substr(0, 3)), Texts{});
  EXPECT_EQ(values("order.id", update + "\x07"), Texts{});
  const std::string lengthy((1 << 20) + 1, 'x');
  EXPECT_EQ(values("order.id", pb_text(1, pb_text(1, lengthy))), Texts{});
}

TEST(GrpcDescriptors, MakeAMessageOfJson) {
  const auto json = [](const std::string& text) {
    return shop().from_json("shop.Orders", "Watch", false, text);
  };
  EXPECT_EQ(json(R"({"id": "47", "count": "12", "tags": ["x"]})"),
            pb_text(1, "47") + pb_number(2, 12) + pb_text(4, "x"));
  EXPECT_EQ(json("{}"), "");
  EXPECT_EQ(json(R"({"none": 1})"), std::nullopt);
  EXPECT_EQ(json("{"), std::nullopt);
  EXPECT_EQ(shop().from_json("shop.Orders", "Get", false, "{}"), std::nullopt);
}

TEST(GrpcDescriptors, ReportWhatIsNoFileOfProtoc) {
  const auto problem = [](const std::string& file) {
    const auto read = rules::GrpcDescriptors::parse(file);
    return read ? "" : read.error().what;
  };
  EXPECT_EQ(problem(shop_descriptors()), "");
  EXPECT_EQ(problem(""), "not a FileDescriptorSet of Protobuf");
  EXPECT_EQ(problem("message Order {}"), "not a FileDescriptorSet of Protobuf");
  const auto needs = pb_text(1, pb_text(1, "a.proto") + pb_text(3, "none.proto"));
  EXPECT_EQ(problem(needs), "a.proto: none.proto: Import \"none.proto\" has not been loaded.");
}

TEST(GrpcDescriptors, AreEqualIfTheirFilesAre) {
  EXPECT_EQ(shop(), shop());
  EXPECT_NE(shop(), rules::GrpcDescriptors());
  EXPECT_EQ(rules::GrpcDescriptors(), rules::GrpcDescriptors());
}

}  // namespace
}  // namespace brownout::test
