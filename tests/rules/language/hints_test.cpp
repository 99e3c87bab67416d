// Tests hints of mistakes: they name only what would be accepted there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/default_listeners.h"
#include "rules/language/load_toml.h"

namespace brownout::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The mistakes of a file as `brownout exec` reads it, a line "what = hint" for each.
std::string mistakes(const std::string& text) {
  const auto document = rules::parse_toml("version = 1\n" + text);
  const auto config = rules::read_config(rules::with_default_listeners(*document));
  std::string lines;
  if (config) return lines;
  for (const auto& problem : config.error().sorted())
    lines += problem.what + " = " + problem.hint + "\n";
  return lines;
}

TEST(Hints, AnUnknownKeyInNotNamesOnlyKeysThatFitThere) {
  EXPECT_THAT(mistakes("[[rule]]\nmatch = { not = { hots = \"a\" } }\n"
                       "fault = { type = \"abort\", status = 503 }"),
              AllOf(HasSubstr("did you mean \"host\"?"), Not(HasSubstr("direction")),
                    Not(HasSubstr("count_per"))));
}

TEST(Hints, SynLossMayDrawForEachSyn) {
  EXPECT_THAT(mistakes("[[rule]]\nper = \"second\"\nfault = { type = \"syn_loss\" }"),
              HasSubstr("\"connection\", \"client\" or \"chunk\""));
}

TEST(Hints, DownForSomeClientsIsSynLoss) {
  EXPECT_THAT(
      mistakes("[[rule]]\nmatch = { client = \"10.0.0.0/8\" }\nfault = { type = \"down\" }"),
      HasSubstr("\"syn_loss\""));
}

TEST(Hints, UpstreamTlsWithoutTlsIsOneMistake) {
  const auto lines = mistakes(
      "[[listener]]\nname = \"web\"\nprotocol = \"tls\"\nlisten = \"127.0.0.1:0\"\n"
      "intercept = \"redirect\"\nports = [8443]\nupstream_tls = { ca = \"ca.pem\" }\n"
      "[[rule]]\nmatch = { listener = \"web\", path = \"/x\" }\n"
      "fault = { type = \"abort\", status = 503 }");
  EXPECT_THAT(lines, HasSubstr("in `exec`, tls = {} is enough"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << lines;
}

std::string listener_of(const std::string& protocol) {
  return "[[upstream]]\nname = \"up\"\nservers = [\"127.0.0.1:1\"]\n[[listener]]\nname = \"l\"\n"
         "listen = \"127.0.0.1:0\"\nupstream = \"up\"\nprotocol = \"" +
         protocol + "\"\n";
}

TEST(Hints, AValueInAnotherCaseIsRecognized) {
  EXPECT_THAT(
      mistakes(listener_of("http") + "[[rule]]\nfault = { type = \"h2_reset_stream\", code = "
                                     "\"refused_stream\" }"),
      HasSubstr("did you mean \"REFUSED_STREAM\"?"));
}

TEST(Hints, AnUnknownProtocolIsTheOnlyMistake) {
  const std::string rules =
      "[[rule]]\nmatch = { path = \"/a\" }\nfault = { type = \"abort\", status = 503 }\n"
      "[[rule]]\nfault = { type = \"h2_goaway\" }\n"
      "[[rule]]\nmatch = { listener = \"l\", event = \"a\" }\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { listener = \"l\" }\npreset = \"llm-no-done\"\n";
  EXPECT_EQ(mistakes(listener_of("http2") + rules),
            "protocol: unknown value \"http2\" = write \"http\": it speaks HTTP/1.1 and HTTP/2\n");
  EXPECT_THAT(mistakes(listener_of("mqqt") + rules), HasSubstr("did you mean \"mqtt\"?"));
  EXPECT_THAT(mistakes(listener_of("HTTPS")), HasSubstr("tls = { ... } to see the requests"));
  // A rule for another listener is still checked.
  EXPECT_THAT(mistakes(listener_of("http2") +
                       "[[listener]]\nname = \"m\"\nlisten = \"127.0.0.1:0\"\nupstream = \"up\"\n"
                       "[[rule]]\nmatch = { listener = \"m\" }\nfault = { type = \"abort\" }"),
              HasSubstr("does not act on listener \"m\""));
}

TEST(Hints, AllowedValuesAreListed) {
  const auto acks = [](const std::string& value) {
    return mistakes(listener_of("kafka") + "[[rule]]\nmatch = { acks = " + value +
                    " }\nfault = { type = \"drop\" }");
  };
  EXPECT_EQ(acks("\"5\""), "acks: unknown value \"5\" = allowed: 0, 1, all\n");
  EXPECT_EQ(acks("1"),
            "acks: expected a string, found a whole number = write it in quotes: \"1\"\n");
  EXPECT_EQ(acks("7"), "acks: expected a string, found a whole number = allowed: 0, 1, all\n");
  EXPECT_THAT(mistakes("[[upstream]]\nname = \"up\"\nservers = [\"127.0.0.1:1\"]\nhttp = 2\n"),
              HasSubstr("write it in quotes: \"2\""));
  EXPECT_THAT(
      mistakes(listener_of("http") + "[[rule]]\nfault = { type = \"h2_reset_stream\", code = 2 }"),
      HasSubstr("allowed: NO_ERROR, PROTOCOL_ERROR, "));
}

TEST(Hints, TopicsOfKafkaThatCannotExistAreMistakes) {
  const auto topic = [](const std::string& name) {
    return mistakes(listener_of("kafka") + "[[rule]]\nmatch = { topic = \"" + name +
                    "\" }\nfault = { type = \"drop\" }");
  };
  EXPECT_THAT(topic("a b"),
              HasSubstr("topic: no topic of Kafka has the name \"a b\" = names have"));
  EXPECT_THAT(topic("orders/#"), HasSubstr("no topic of Kafka has the name"));
  EXPECT_THAT(topic(".."), HasSubstr("no topic of Kafka has the name"));
  EXPECT_THAT(topic(std::string(250, 'a')), HasSubstr("no topic of Kafka has a name of 250 bytes"));
  for (const auto& name : {std::string("orders-*"), std::string("a?_.B"), std::string(249, 'a'),
                           "*" + std::string(249, 'a') + "*", std::string("~^a b$")}) {
    EXPECT_EQ(topic(name), "") << name;
  }
  // The same name is a topic of MQTT.
  EXPECT_EQ(mistakes(listener_of("mqtt") +
                     "[[rule]]\nmatch = { topic = \"orders/#\" }\nfault = { type = \"drop\" }"),
            "");
  EXPECT_THAT(mistakes(listener_of("kafka") + "[[rule]]\nfault = { type = \"kafka_leader\", "
                                              "how = \"none\", topic = \"a b\" }"),
              HasSubstr("no topic of Kafka has the name"));
}

TEST(Hints, KeysThatNoApiOfKafkaHasAreMistakes) {
  const auto matching = [](const std::string& keys) {
    return mistakes(listener_of("kafka") + "[[rule]]\nmatch = { " + keys +
                    " }\nfault = { type = \"drop\" }");
  };
  EXPECT_EQ(matching("api = \"Heartbeat\", topic = \"orders\""),
            "no request or response of Heartbeat has a value for topic = leave topic out, or name "
            "another API\n");
  EXPECT_THAT(matching("api = [\"Fetch\", \"Metadata\"], acks = \"all\""),
              HasSubstr("no request or response of Fetch and Metadata has a value for acks"));
  for (const std::string keys :
       {"api = [\"Heartbeat\", \"Produce\"], topic = \"orders\"",
        "api = \"Fetch\", topic = \"orders\", partition = 1", "api = \"Produce\", acks = \"0\"",
        "api = \"FindCoordinator\", group = \"billing\"",
        "api = \"OffsetCommit\", group = \"billing\", topic = \"orders\"",
        "api = \"InitProducerId\", transactional_id = \"a\"",
        "api = \"Heartbeat\", error = \"REBALANCE_IN_PROGRESS\"", "topic = \"orders\""}) {
    EXPECT_EQ(matching(keys), "") << keys;
  }
}

TEST(Hints, AKeyThatCannotBeReadIsTheOnlyMistake) {
  const auto lines = mistakes(listener_of("mqtt") +
                              "[[rule]]\nmatch = { topic = \"a\", qos = \"high\" }\n"
                              "fault = { type = \"drop\" }");
  EXPECT_THAT(lines, HasSubstr("qos"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << lines;
}

TEST(Hints, KeysOfOtherProtocolsNameTheirOwn) {
  EXPECT_EQ(mistakes(listener_of("mqtt") + "[[rule]]\nmatch = { qos = 1, stanza = \"iq\" }\n"
                                           "fault = { type = \"drop\" }"),
            "match has keys of two protocols = qos is of MQTT; stanza is of XMPP\n");
  const auto lines = mistakes(listener_of("sse") +
                              "[[rule]]\nmatch = { qos = 1 }\n"
                              "fault = { type = \"drop\" }");
  EXPECT_THAT(lines, AllOf(HasSubstr("no listener that the rule matches has messages of MQTT"),
                           HasSubstr("has event, "), Not(HasSubstr("stanza"))));
}

TEST(Hints, AKeyOfRejectBelongsToItsProtocol) {
  const auto rule = "[[rule]]\nfault = { type = \"reject\", grpc_status = 8 }";
  EXPECT_THAT(mistakes(listener_of("sse") + rule),
              HasSubstr("grpc_status has no effect here: it applies only to gRPC"));
  EXPECT_EQ(mistakes(listener_of("grpc") + rule), "");
}

}  // namespace
}  // namespace brownout::test
