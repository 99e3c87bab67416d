#include "rules/protocols/http1/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMostDecoded = 1 << 20;

std::string encoded(const std::string& text, std::vector<ContentCoding> codings) {
  return encode_body({text, std::move(codings)}).value();
}

std::string decoded(const std::string& header, const std::string& body,
                    std::size_t most = kMostDecoded) {
  const auto plain = decode_body(header, body, most);
  return plain ? plain->text : "(" + plain.error().what + ")";
}

TEST(ContentCoding, DecodesWhatItEncodes) {
  for (const std::string& text : {std::string(), std::string("hello"), std::string(300'000, 'x')}) {
    EXPECT_EQ(decoded("", text), text);
    EXPECT_EQ(decoded("identity", text), text);
    EXPECT_EQ(decoded("gzip", encoded(text, {ContentCoding::kGzip})), text);
    EXPECT_EQ(decoded("X-GZip", encoded(text, {ContentCoding::kGzip})), text);
    EXPECT_EQ(decoded("deflate", encoded(text, {ContentCoding::kZlib})), text);
    EXPECT_EQ(decoded("br", encoded(text, {ContentCoding::kBrotli})), text);
    EXPECT_EQ(decoded("gzip , br", encoded(text, {ContentCoding::kGzip, ContentCoding::kBrotli})),
              text);
  }
}

TEST(ContentCoding, KeepsDeflateWithoutAHeaderAsItIs) {
  const auto body = encoded("hello", {ContentCoding::kDeflate});
  const auto plain = decode_body("deflate", body, kMostDecoded).value();
  EXPECT_EQ(plain.text, "hello");
  EXPECT_EQ(encode_body(plain).value(), body);
}

TEST(ContentCoding, ReadsAllMembersOfGzip) {
  const auto member = encoded("ab", {ContentCoding::kGzip});
  EXPECT_EQ(decoded("gzip", member + member), "abab");
}

TEST(ContentCoding, SaysWhyABodyCannotBeDecoded) {
  EXPECT_THAT(decoded("zstd", "x"), HasSubstr("\"zstd\" is not gzip, deflate or br"));
  EXPECT_THAT(decoded("gzip, gzip, gzip", "x"), HasSubstr("more than two content codings"));
  for (const auto& [name, coding] :
       {std::pair("gzip", ContentCoding::kGzip), std::pair("deflate", ContentCoding::kZlib),
        std::pair("br", ContentCoding::kBrotli)}) {
    const auto body = encoded("hello", {coding});
    EXPECT_THAT(decoded(name, "hello"), HasSubstr("is not valid in its content coding")) << name;
    EXPECT_THAT(decoded(name, ""), HasSubstr("is not valid in its content coding")) << name;
    EXPECT_THAT(decoded(name, body.substr(0, body.size() - 1)), HasSubstr("is not valid")) << name;
    EXPECT_THAT(decoded(name, body + "x"), HasSubstr("is not valid")) << name;
  }
}

TEST(ContentCoding, BoundsWhatABodyDecodesTo) {
  const std::string zeros(64 << 20, '\0');
  for (const auto& [name, coding] :
       {std::pair("gzip", ContentCoding::kGzip), std::pair("deflate", ContentCoding::kZlib),
        std::pair("br", ContentCoding::kBrotli)}) {
    const auto bomb = encoded(zeros, {coding});
    EXPECT_LT(bomb.size(), 100'000U) << name;
    EXPECT_EQ(decoded(name, bomb), "(the body decodes to more than 1048576 bytes at once)") << name;
  }
  EXPECT_EQ(decoded("", "12345", 4), "(the body decodes to more than 4 bytes at once)");
}

}  // namespace
}  // namespace brownout::rules
