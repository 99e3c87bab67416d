// Tests PostgresCodec: messages of both directions, prepared statements, and refused statements,
// which fail at the server.
#include "rules/protocols/postgres/codec/postgres_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/codec/codec_of.h"
#include "tests/support/message_lab.h"
#include "tests/support/postgres_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

// Collects the messages of a connection, one a line: "query <select 1>", "error_response 40P01".
class PostgresReading {
 public:
  explicit PostgresReading(std::size_t piece = 1 << 20) : piece_(piece) {}

  PostgresReading& client(std::string_view bytes) { return read(Direction::kUpstream, bytes); }
  PostgresReading& server(std::string_view bytes) { return read(Direction::kDownstream, bytes); }
  PostgresReading& examine(bool examined) {
    examined_ = examined;
    return *this;
  }
  PostgresReading& secured() {
    codec_.secured();
    return *this;
  }
  std::string seen() { return std::exchange(seen_, {}); }

 private:
  PostgresReading& read(Direction direction, std::string_view sent) {
    for (std::size_t at = 0; at < sent.size(); at += piece_) {
      for (auto bytes = codecs::bytes_of(sent.substr(at, piece_)); !bytes.empty();) {
        const auto step = codec_.reader(direction).next(bytes, examined_);
        if (!step.broken.empty()) {
          seen_ += std::string(step.broken) + "\n";
          return *this;
        }
        bytes = bytes.subspan(step.taken);
        if (!step.ended) continue;
        const auto& view = *rules::view_as<rules::PostgresMessage>(step.ended->message.get());
        seen_ += std::string(rules::name_of(view.type));
        if (view.statement) seen_ += " <" + *view.statement + ">";
        if (view.error) seen_ += " " + view.error->sqlstate + " " + view.error->text;
        seen_ += (view.tag.empty() ? "" : " " + view.tag) + "\n";
      }
    }
    return *this;
  }

  messages::PostgresCodec codec_;
  std::size_t piece_;
  bool examined_ = true;
  std::string seen_;
};

class PostgresPieces : public testing::TestWithParam<std::size_t> {};

TEST_P(PostgresPieces, MessagesAreTheSameHoweverTheyAreCut) {
  PostgresReading talk(GetParam());
  talk.client(postgres_tls()).server("N").client(postgres_startup()).server(postgres_welcome());
  EXPECT_EQ(talk.seen(),
            "encryption_request\nencryption_answer\nstartup\nauthentication\nparameter_status\n"
            "backend_key_data\nready_for_query\n");
  talk.client(postgres_query("select 1"));
  talk.server(postgres_row("1") + postgres_done("SELECT 1") + postgres_ready());
  EXPECT_EQ(talk.seen(),
            "query <select 1>\ndata_row\ncommand_complete SELECT 1\nready_for_query SELECT 1\n");
  talk.server(postgres_report('E', "ERROR", "23505", "duplicate key"));
  EXPECT_EQ(talk.seen(), "error_response 23505 duplicate key\n");
}

TEST_P(PostgresPieces, StepsOfAPreparedStatementHaveItsSql) {
  PostgresReading talk(GetParam());
  talk.client(postgres_startup()).examine(false);
  talk.client(postgres_parse("s", "update a") + postgres_bind("p", "s"));
  talk.client(postgres_parse("", "select b") + postgres_bind("", "") + postgres_sync());
  talk.seen();
  talk.examine(true).client(postgres_execute("p") + postgres_execute("") + postgres_execute("q"));
  EXPECT_EQ(talk.seen(), "execute <update a>\nexecute <select b>\nexecute\n");
  talk.client(postgres_message('C', pg("Ps\0")) + postgres_message('C', pg("Pp\0")));
  talk.client(postgres_execute("p") + postgres_message('D', pg("Ss\0")));
  EXPECT_EQ(talk.seen(), "close\nclose\nexecute\ndescribe <update a>\n");
}

INSTANTIATE_TEST_SUITE_P(Cut, PostgresPieces, testing::Values(1, 2, 7, 1 << 20));

TEST(PostgresCodec, EncryptionThatIsNotTerminatedCannotBeRead) {
  PostgresReading talk;
  talk.client(postgres_tls()).server("S").client("\x16\x03");
  EXPECT_THAT(talk.seen(), testing::HasSubstr("what follows is encrypted"));
  PostgresReading terminated;
  terminated.client(postgres_tls()).server("S").secured().client(postgres_startup());
  EXPECT_EQ(terminated.seen(), "encryption_request\nencryption_answer\nstartup\n");
}

TEST(PostgresCodec, OtherBytesAreReported) {
  EXPECT_EQ(PostgresReading().client("GET / HTTP/1.1\r\n").seen(), "an unknown first message\n");
  EXPECT_EQ(PostgresReading().client(postgres_startup() + "?????").seen(),
            "startup\nan unknown type of message\n");
  EXPECT_EQ(PostgresReading().client(postgres_startup() + pg("Q\0\0\0\3")).seen(),
            "startup\nan invalid length\n");
  EXPECT_EQ(PostgresReading().client(postgres_u32(20'000) + postgres_u32(3U << 16)).seen(),
            "a first message of more than 10,000 bytes\n");
}

// A lab whose client has logged in.
std::unique_ptr<MessageLab> postgres_lab(const std::string& rules, std::size_t piece = 1 << 20) {
  auto lab = std::make_unique<MessageLab>("postgres", "[[rule]]\n" + rules, "", piece);
  lab->from_client(postgres_startup());
  lab->from_server(postgres_welcome());
  EXPECT_EQ(lab->at_server(), postgres_startup());
  EXPECT_EQ(lab->at_client(), postgres_welcome());
  return lab;
}

constexpr const char* kDeadlock =
    "match = { statement = \"~^update\" }\nfault = { type = \"reject\", sqlstate = \"40P01\" }";
// The server's answer about the portal of the first refused statement.
const auto kNoPortal =
    postgres_report('E', "ERROR", "34000", "portal \"brownout:1\" does not exist");
const auto kDeadlockError = postgres_report('E', "ERROR", "40P01", "deadlock detected");

TEST(PostgresCodec, ARefusedQueryFailsAtTheServer) {
  for (const std::size_t piece : {1U, 1000U}) {
    const auto lab = postgres_lab(kDeadlock, piece);
    lab->from_client(postgres_query("select 1") + postgres_query("update a"));
    EXPECT_EQ(lab->at_server(),
              postgres_query("select 1") + postgres_execute("brownout:1") + postgres_sync());
    EXPECT_EQ(lab->at_client(), "");
    const auto answer = postgres_row("1") + postgres_done("SELECT 1") + postgres_ready('T');
    lab->from_server(answer + kNoPortal + postgres_ready('E'));
    EXPECT_EQ(lab->at_client(), answer + kDeadlockError + postgres_ready('E'));
    EXPECT_EQ(lab->injected, 1);
    EXPECT_EQ(lab->reports, "");
  }
}

TEST(PostgresCodec, ARefusedExecuteKeepsItsPlaceInThePipeline) {
  const auto lab = postgres_lab(kDeadlock);
  const auto begin = postgres_parse("", "update a") + postgres_bind("", "");
  lab->from_client(begin + postgres_execute("") + postgres_sync());
  EXPECT_EQ(lab->at_server(), begin + postgres_execute("brownout:1") + postgres_sync());
  const auto bound = postgres_message('1') + postgres_message('2');
  lab->from_server(bound + kNoPortal + postgres_ready('E'));
  EXPECT_EQ(lab->at_client(), bound + kDeadlockError + postgres_ready('E'));
}

TEST(PostgresCodec, ErrorsOfTheServerPassUnchanged) {
  const auto lab = postgres_lab(kDeadlock);
  lab->from_client(postgres_query("update a"));
  for (const auto* text : {"portal \"p\" does not exist", "portal \"brownout:\" does not exist",
                           "portal \"brownout:2\" does not exist"}) {
    const auto error = postgres_report('E', "ERROR", "34000", text);
    lab->from_server(error);
    EXPECT_EQ(lab->at_client(), error);
  }
}

// An error of an earlier statement makes the server ignore those that follow in the pipeline.
TEST(PostgresCodec, AnIgnoredRefusalIsForgotten) {
  const auto lab = postgres_lab(kDeadlock);
  lab->from_client(postgres_query("update a") + postgres_query("update b"));
  lab->at_server();
  lab->from_server(postgres_report('E', "ERROR", "34000", "portal \"brownout:2\" does not exist"));
  EXPECT_EQ(lab->at_client(), kDeadlockError);
  lab->from_server(kNoPortal);
  EXPECT_EQ(lab->at_client(), kNoPortal);
}

TEST(PostgresCodec, AShutdownEndsTheConnection) {
  const auto lab = postgres_lab(
      "match = { message = \"query\" }\nfault = { type = \"reject\", sqlstate = \"57P01\" }");
  lab->from_client(postgres_query("select 1"));
  EXPECT_EQ(lab->at_server(), "");
  EXPECT_EQ(lab->at_client(),
            postgres_report('E', "FATAL", "57P01",
                            "terminating connection due to administrator command"));
  EXPECT_EQ(lab->closed, "fin");
}

TEST(PostgresCodec, ARefusedLoginIsFatal) {
  MessageLab lab("postgres",
                 "[[rule]]\nmatch = { message = \"startup\" }\nfault = { type = \"reject\", "
                 "sqlstate = \"53300\", text = \"full\" }");
  lab.from_client(postgres_startup());
  EXPECT_EQ(lab.at_client(), postgres_report('E', "FATAL", "53300", "full"));
  EXPECT_EQ(lab.closed, "fin");
  EXPECT_EQ(lab.at_server(), "");
}

TEST(PostgresCodec, OtherSqlAndOtherDataAreWrittenWithTheirLength) {
  const auto lab = postgres_lab("fault = { type = \"replace\", text = \"select 22\" }");
  lab->from_client(postgres_query("select 1") + postgres_parse("s", "x") +
                   postgres_message('d', "data"));
  EXPECT_EQ(lab->at_server(), postgres_query("select 22") + postgres_parse("s", "select 22") +
                                  postgres_message('d', "select 22"));
}

TEST(PostgresCodec, RulesSelectErrorsByCodeAndResultsByTag) {
  const auto lab = postgres_lab(
      "match = { sqlstate = [\"40\", \"23505\"] }\nfault = { type = \"drop\" }\n[[rule]]\nmatch = "
      "{ message = \"command_complete\", text = \"COMMIT\" }\nfault = { type = \"drop\" }");
  const auto kept =
      postgres_report('E', "ERROR", "23503", "a") + postgres_done("UPDATE 1") + postgres_ready();
  lab->from_server(postgres_report('E', "ERROR", "40001", "b") + kept +
                   postgres_report('E', "ERROR", "23505", "c") + postgres_done("COMMIT"));
  EXPECT_EQ(lab->at_client(), kept);
}

TEST(PostgresCodec, TheAnswerToACommitCanBeLost) {
  const auto lab = postgres_lab("match = { text = \"COMMIT\" }\nfault = { type = \"ack_loss\" }");
  const auto kept = postgres_done("UPDATE 1") + postgres_ready('T');
  lab->from_client(postgres_query("COMMIT"));
  EXPECT_EQ(lab->at_server(), postgres_query("COMMIT"));
  lab->from_server(kept + postgres_done("COMMIT") + postgres_ready() + kept);
  EXPECT_EQ(lab->at_client(), kept + kept);
  EXPECT_EQ(lab->injected, 2);
}

TEST(PostgresRules, MistakesInCodesAreReported) {
  EXPECT_THAT(
      first_problem_of("[[rule]]\nmatch = { sqlstate = \"4\" }\nfault = { type = \"drop\" }",
                       "postgres"),
      testing::HasSubstr("no SQLSTATE: \"4\""));
  EXPECT_THAT(
      first_problem_of("[[rule]]\nfault = { type = \"reject\", sqlstate = \"40p01\" }", "postgres"),
      testing::HasSubstr("no SQLSTATE: \"40p01\""));
}

}  // namespace
}  // namespace brownout::test
