// Tests PostgresTalk, a client of PostgreSQL. The server's bytes are split into pieces of several
// sizes.
#include "rules/protocols/postgres/codec/postgres_talk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace brownout::test {
namespace {

using codecs::PostgresTalk;
using testing::HasSubstr;

std::string number(std::size_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i) & 0xffU));
  return text;
}
std::string message(char type, const std::string& body) {
  return type + number(body.size() + 4, 4) + body;
}
std::string asks(std::size_t code, const std::string& more = {}) {
  return message('R', number(code, 4) + more);
}
std::string error(const std::string& severity, const std::string& code, const std::string& text) {
  const std::string zero(1, '\0');
  return message(
      'E', "S" + severity + zero + "C" + code + zero + "M" + text + zero + "Ffile.c" + zero + zero);
}
const std::string kReady = message('Z', "I");
const std::string kWelcome = asks(0) + message('S', std::string("TimeZone\0UTC\0", 13)) +
                             message('K', number(1, 4) + number(2, 4)) + kReady;
std::string row(const std::string& value) {
  return message('T', number(1, 2)) + message('D', number(1, 2) + number(value.size(), 4) + value) +
         message('C', std::string("SELECT 1\0", 9)) + kReady;
}

struct Talked {
  std::string out;
  bool ready = false;
  std::string why;
  std::optional<std::string> value;
  bool operator==(const Talked&) const = default;
};

// Performs the login, and then asks a query if the login is complete.
Talked talk_in_pieces(const std::string& login, const std::string& answer,
                      const std::function<std::size_t()>& piece) {
  PostgresTalk talk({"ann", "shop", "secret", "rOprNGfwEbeRWgbNEkqO"});
  Talked talked;
  const auto take = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, piece());
      bytes.remove_prefix(part.size());
      talked.out += talk.take(codecs::bytes_of(part));
    }
  };
  take(login);
  if (talk.ready() && !answer.empty()) {
    talked.out += talk.ask("select 1");
    take(answer);
  }
  talked.ready = talk.ready();
  talked.why = talk.why();
  talked.value = talk.value();
  return talked;
}

Talked talk(const std::string& login, const std::string& answer = {}) {
  const auto whole = talk_in_pieces(login, answer, [] { return std::size_t{1} << 20; });
  for (const std::size_t size : {1U, 2U, 3U, 7U}) {
    EXPECT_EQ(talk_in_pieces(login, answer, [&] { return size; }), whole) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(talk_in_pieces(login, answer, [&] { return 1 + random() % 20; }), whole);
  }
  return whole;
}

TEST(PostgresTalk, BeginsWithUserAndDatabase) {
  const auto first = PostgresTalk({"ann", "shop"}).begin();
  const std::string body("\0\3\0\0user\0ann\0database\0shop\0application_name\0brownout\0\0", 54);
  EXPECT_EQ(first, number(body.size() + 4, 4) + body);
}

TEST(PostgresTalk, ReadsTheFirstValueOfAnAnswer) {
  const auto talked = talk(kWelcome, row("1"));
  EXPECT_EQ(talked.why, "");
  EXPECT_TRUE(talked.ready);
  EXPECT_EQ(talked.value, "1");
  EXPECT_EQ(talked.out, message('Q', std::string("select 1\0", 9)));
  EXPECT_EQ(talk(kWelcome, row("") + row("2")).why,
            "the server's data is not PostgreSQL: an unexpected message of type 84");
  EXPECT_EQ(talk(kWelcome, message('D', number(1, 2) + number(0xffffffff, 4)) + kReady).value,
            std::nullopt);
}

TEST(PostgresTalk, AnswersEachPasswordRequest) {
  const std::string secret("secret\0", 7);
  EXPECT_EQ(talk(asks(3) + kWelcome).out, message('p', secret));
  const auto md5 = talk(asks(5, "salt") + kWelcome);
  EXPECT_TRUE(md5.ready);
  EXPECT_EQ(md5.out, message('p', codecs::postgres_md5("ann", "secret", "salt") + '\0'));
}

// The server's messages have a fixed nonce and salt. PostgresScram computes the client's expected
// messages.
TEST(PostgresTalk, ProvesAPasswordByScramAndWantsAProof) {
  const std::string nonce = "rOprNGfwEbeRWgbNEkqO";
  const std::string first = "r=" + nonce + "more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2";
  const auto offer = asks(10, std::string("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", 34));
  codecs::PostgresScram scram("", "secret", nonce);
  const auto final = scram.answer(first);
  ASSERT_TRUE(final);
  const auto begun = talk(offer + asks(11, first));
  EXPECT_EQ(begun.out, message('p', std::string("SCRAM-SHA-256\0", 14) +
                                        number(scram.first().size(), 4) + scram.first()) +
                           message('p', *final));
  EXPECT_EQ(begun.why, "");
  const std::string unproven = "the server did not prove that it knows the password";
  EXPECT_EQ(talk(offer + asks(11, first) + kWelcome).why, unproven);
  EXPECT_EQ(talk(offer + asks(11, first) + asks(12, "v=AAAA")).why, unproven);
  EXPECT_EQ(talk(asks(12, "v=AAAA")).why, unproven);
  EXPECT_EQ(talk(offer + asks(11, "r=other")).why, "the server's SCRAM message is wrong");
  EXPECT_EQ(talk(asks(10, std::string("OTHER\0\0", 7))).why,
            "the server offers OTHER, not SCRAM-SHA-256");
  EXPECT_THAT(talk(asks(7)).why, HasSubstr("authentication 7, which users do not know"));
}

TEST(PostgresTalk, TellsTheServersErrors) {
  EXPECT_EQ(talk(error("FATAL", "28000", "role \"ann\" does not exist")).why,
            "FATAL: role \"ann\" does not exist (28000)");
  const auto ended = talk(kWelcome, error("FATAL", "57P01", "terminating connection"));
  EXPECT_EQ(ended.why, "FATAL: terminating connection (57P01)");
  EXPECT_FALSE(ended.ready);
}

TEST(PostgresTalk, RefusesWhatIsNotPostgres) {
  const std::string not_postgres = "the server's data is not PostgreSQL: ";
  EXPECT_EQ(talk("HTTP/1.1 400 Bad Request\r\n\r\n").why,
            not_postgres + "a message of 1414811695 bytes");
  EXPECT_EQ(talk("R" + number(3, 4)).why, not_postgres + "a message of 3 bytes");
  EXPECT_EQ(talk(message('R', "")).why, not_postgres + "a message is shorter than its fields");
  EXPECT_EQ(talk(kReady).why, not_postgres + "an unexpected message of type 90");
  EXPECT_EQ(talk(kWelcome, message('D', number(1, 2) + number(9, 4) + "1")).why,
            not_postgres + "a short row");
}

}  // namespace
}  // namespace brownout::test
