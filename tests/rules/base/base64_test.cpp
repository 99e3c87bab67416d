#include "rules/base/base64.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

// RFC 4648, 10.
TEST(Base64, EncodesAndDecodesTheVectorsOfItsStandard) {
  for (const auto& [plain, text] : {std::pair("", ""),
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(plain), text);
    EXPECT_EQ(from_base64(text), plain);
  }
}

TEST(Base64, RefusesWhatIsIncompleteOrNoBase64) {
  for (const auto* text : {"Zg", "Zg=", "Z", "Zm9v!", "====", "Zm=v"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace brownout::rules
