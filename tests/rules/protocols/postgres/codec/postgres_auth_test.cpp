// Tests the authentication by password of PostgreSQL, with the examples of the RFCs.
#include "rules/protocols/postgres/codec/postgres_auth.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using codecs::PostgresScram;

// The example of RFC 7677, section 3.
const std::string kNonce = "rOprNGfwEbeRWgbNEkqO";
const std::string kBoth = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string kServerFirst = kBoth + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const std::string kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

TEST(PostgresAuth, FollowsTheExampleOfScram) {
  PostgresScram scram("user", "pencil", kNonce);
  EXPECT_EQ(scram.first(), "n,,n=user,r=" + kNonce);
  EXPECT_EQ(scram.answer(kServerFirst),
            "c=biws," + kBoth + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(scram.proves(kServerFinal));
}

TEST(PostgresAuth, BelievesNoServerThatDoesNotKnowThePassword) {
  PostgresScram scram("user", "pencil", kNonce);
  EXPECT_FALSE(scram.proves("")) << "before the server's first message";
  ASSERT_TRUE(scram.answer(kServerFirst));
  EXPECT_FALSE(scram.proves(""));
  EXPECT_FALSE(scram.proves("v=AAAA"));
  EXPECT_FALSE(scram.proves("e=invalid-proof"));
}

TEST(PostgresAuth, RefusesAWrongFirstMessage) {
  const auto answer = [](const std::string& text) {
    return PostgresScram("user", "pencil", kNonce).answer(text);
  };
  ASSERT_TRUE(answer(kServerFirst));
  EXPECT_FALSE(answer(""));
  EXPECT_FALSE(answer("r=" + kNonce + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")) << "no nonce added";
  EXPECT_FALSE(answer("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
  EXPECT_FALSE(answer(kBoth + ",s=,i=4096"));
  EXPECT_FALSE(answer(kBoth + ",s=*,i=4096"));
  EXPECT_FALSE(answer(kBoth + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0"));
  EXPECT_FALSE(answer(kBoth + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=100001")) << "too many iterations";
  EXPECT_FALSE(answer(kBoth + ",s=W22ZaJ0SNY7soEsUEjb6gQ=="));
}

TEST(PostgresAuth, HashesWithMd5) {
  EXPECT_EQ(codecs::postgres_md5("ann", "secret", "salt"), "md5b8f5ba9f485dba302ec0963f7ee9ba8f");
}

}  // namespace
}  // namespace brownout::test
