// Tests the keys of users of the kind grpc: their values, and the mistakes that `check` reports.
#include "rules/rehearsal/check_grpc_user.h"

#include <gtest/gtest.h>

#include "tests/support/protobuf_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string scenario_with(const std::string& keys) {
  return "[scenario]\nname = \"lab\"\n[[phase]]\nname = \"all\"\nfor = \"1m\"\n[[probe]]\nname = "
         "\"p\"\nkind = \"grpc\"\nendpoints = [\"chat\"]\n" +
         keys;
}
const Files kApi{{"api.pb", shop_descriptors()}};

std::string mistake(const std::string& keys) {
  return first_problem_with(kApi, scenario_with(keys), "grpc");
}

rules::GrpcUser user_of(const std::string& keys) {
  const auto config = config_with(kApi, scenario_with(keys), "grpc");
  return rules::GrpcUser::of(config.scenario->probes.front().options);
}

const std::string kWatch = "descriptors = \"api.pb\"\nservice = \"shop.Orders\"\nrpc = \"Watch\"\n";

TEST(GrpcUser, AsksForTheHealthOfAService) {
  const auto user = user_of("service = \"chat\"");
  EXPECT_EQ(user.path(), "/grpc.health.v1.Health/Check");
  EXPECT_EQ(user.message(), pb_text(1, "chat"));
  EXPECT_EQ(user_of("").message(), "");
  const std::string lengthy(300, 'x');
  EXPECT_EQ(user_of("service = \"" + lengthy + "\"").message(), pb_text(1, lengthy));
  EXPECT_FALSE(user.streams());
  EXPECT_EQ(user.mismatch(pb_number(1, 1)), "");
  EXPECT_EQ(user.mismatch(pb_number(1, 2)), "the service is not SERVING");
  EXPECT_EQ(user.mismatch(""), "the service is not SERVING");
  const auto watches = user_of("watch = true");
  EXPECT_EQ(watches.path(), "/grpc.health.v1.Health/Watch");
  EXPECT_TRUE(watches.streams());
}

TEST(GrpcUser, CallsAMethodOfItsDescriptors) {
  const auto user = user_of(kWatch + R"(request = '{"id": "47"}'
field = { "order.id" = "4*", kind = "NEW" }
number_field = "order.count"
)");
  EXPECT_EQ(user.path(), "/shop.Orders/Watch");
  EXPECT_EQ(user.message(), pb_text(1, "47"));
  EXPECT_TRUE(user.streams());
  const auto order = [](const std::string& id) {
    return pb_text(1, pb_text(1, id) + pb_number(2, 12));
  };
  EXPECT_EQ(user.mismatch(order("47")), "");
  EXPECT_EQ(user.mismatch(order("57")), "field \"order.id\" is \"57\", not \"4*\"");
  EXPECT_EQ(user.mismatch(""), "field \"order.id\" is missing, not \"4*\"");
  EXPECT_EQ(user.number_of(order("47")), 12U);
  EXPECT_EQ(user.number_of(""), std::nullopt);
}

TEST(GrpcUser, ReadsDeadlineRetryPolicyAndKeepalive) {
  const auto user = user_of(R"(deadline = "300ms"
retry = { max_attempts = 4, backoff = "10ms", codes = ["ABORTED", "UNAVAILABLE"] }
keepalive = { every = "1s", timeout = "200ms" })");
  EXPECT_EQ(user.deadline, 300ms);
  EXPECT_EQ(user.retry.max_attempts, 4);
  EXPECT_EQ(user.retry.backoff_most, 1s);
  EXPECT_EQ(user.retry.codes,
            (std::vector{rules::GrpcStatus::kAborted, rules::GrpcStatus::kUnavailable}));
  EXPECT_EQ(user.keepalive->timeout, 200ms);
  EXPECT_EQ(user_of("").retry.max_attempts, 1);
  EXPECT_FALSE(user_of("").keepalive);
}

TEST(GrpcUser, CheckNamesEveryMistake) {
  EXPECT_EQ(mistake("rpc = \"Get\""), "rpc needs \"descriptors\"");
  EXPECT_EQ(mistake("descriptors = \"none.pb\"\nrpc = \"Get\""),
            "descriptors: none.pb: No such file or directory");
  EXPECT_EQ(mistake("descriptors = \"api.pb\"\nservice = \"shop.Order\"\nrpc = \"Watch\""),
            "the descriptors have no service \"shop.Order\"");
  EXPECT_EQ(mistake("descriptors = \"api.pb\"\nservice = \"shop.Orders\"\nrpc = \"Wach\""),
            "the service has no method \"Wach\"");
  EXPECT_EQ(mistake(kWatch + "request = '{\"none\": 1}'"),
            "request: the text is not JSON for a request of \"Watch\"");
  EXPECT_EQ(mistake(kWatch + "field = { \"order.none\" = \"1\" }"),
            "field: responses of \"Watch\" have no field \"order.none\"");
  EXPECT_EQ(mistake(kWatch + "number_field = \"order\""),
            "number_field: responses of \"Watch\" have no field \"order\"");
  EXPECT_EQ(mistake(kWatch + "deadline = \"1s\""),
            "deadline is not possible for a method whose response is a stream: the call stays open "
            "over many operations");
  EXPECT_EQ(mistake(kWatch + "watch = true"),
            "watch calls the health service, but \"rpc\" is another method");
  EXPECT_EQ(mistake("number_field = \"count\""),
            "number_field needs \"rpc\", the method that users call");
  EXPECT_EQ(mistake("messages = 2"), "messages is only for methods whose response is a stream");
  EXPECT_EQ(mistake(kWatch + "numbers_continue = true"), "numbers_continue needs \"number_field\"");
  EXPECT_EQ(mistake("deadline = \"3s\""),
            "the deadline is longer than `timeout`, the time-out of an attempt, which is 2s");
  EXPECT_EQ(mistake("deadline = \"3s\"\ntimeout = \"4s\""), "");
  EXPECT_EQ(mistake("retry = { max_attempts = 9 }"), "max_attempts: 9 is out of range");
  EXPECT_EQ(mistake("retry = { max_attempts = 2, codes = [\"BUSY\"] }"),
            "codes: \"BUSY\" is no status of gRPC");
  EXPECT_EQ(mistake("retry = { max_attempts = 2, codes = [\"UNAVAILABLE\", 8] }"), "");
  EXPECT_EQ(mistake("keepalive = {}"), "keepalive needs \"every\"");
}

}  // namespace
}  // namespace brownout::test
