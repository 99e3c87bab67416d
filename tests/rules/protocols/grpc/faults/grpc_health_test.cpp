// Tests grpc_health.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/protobuf_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

std::string health_rule(const std::string& keys = "", const std::string& rest = "") {
  return "[[rule]]\n" + rest + "fault = { type = \"grpc_health\"" + keys + " }\n";
}

std::string health_frame(const std::string& message) {
  return std::string{0, 0, 0, 0, static_cast<char>(message.size())} + message;
}
const std::string kNotServing = health_frame(pb_number(1, 2));

void check_health(H2ClientLab& lab, const std::string& service, const std::string& rpc = "Check",
                  const std::string& type = "application/grpc") {
  const auto message = service.empty() ? "" : pb_text(1, service);
  lab.ask("POST", "/grpc.health.v1.Health/" + rpc, health_frame(message), false,
          {{"content-type", type}, {"te", "trailers"}});
}

TEST(GrpcHealth, SaysThatTheServerDoesNotServe) {
  H2ClientLab lab(health_rule(), true, "grpc");
  check_health(lab, "");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 " + kNotServing + "\nend 1 [grpc-status: 0]\n");
  EXPECT_EQ(lab.notes, "answer\n");
  EXPECT_EQ(lab.upstream.take_log().find("Check"), std::string::npos);
  // The next request of the connection is served.
  lab.ask("POST", "/shop.Orders/Get", health_frame(""), false,
          {{"content-type", "application/grpc"}});
  EXPECT_THAT(lab.upstream.take_log(), HasSubstr("POST /shop.Orders/Get"));
}

TEST(GrpcHealth, ConcernsTheNamedServices) {
  H2ClientLab lab(health_rule(", service = [\"shop.*\"]"), true, "http");
  check_health(lab, "shop.Orders");
  EXPECT_THAT(lab.seen(), HasSubstr("end 1 [grpc-status: 0]\n"));
  const std::string lengthy = "other." + std::string(200, 'x');
  check_health(lab, lengthy);
  EXPECT_EQ(lab.seen(), "");
  EXPECT_EQ(lab.upstream.bodies[1], health_frame(pb_text(1, lengthy)));
  H2ClientLab whole(health_rule(", service = \"\""), true, "grpc");
  check_health(whole, "shop.Orders");
  EXPECT_EQ(whole.seen(), "");
  check_health(whole, "");
  EXPECT_THAT(whole.seen(), HasSubstr("data 3 " + kNotServing));
}

TEST(GrpcHealth, AnUnknownServiceIsNotFound) {
  H2ClientLab lab(health_rule(", status = \"SERVICE_UNKNOWN\""), true, "grpc");
  check_health(lab, "shop.Orders");
  EXPECT_EQ(lab.seen(), "head 1 200 ended\n");
  check_health(lab, "shop.Orders", "Watch");
  EXPECT_EQ(lab.seen(), "head 3 200\ndata 3 " + health_frame(pb_number(1, 3)) + "\n");
}

TEST(GrpcHealth, AWatchEndsWithTheRule) {
  const std::string unavailable = "end 1 [grpc-status: 14]\n";
  H2ClientLab lab(health_rule(), true, "grpc");
  check_health(lab, "", "Watch");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 " + kNotServing + "\n");
  lab.advance(1h);
  EXPECT_EQ(lab.seen(), "");
  lab.reload("");
  EXPECT_THAT(lab.seen(), testing::EndsWith(unavailable));
  H2ClientLab timed(health_rule("", "duration = \"30s\"\n"), true, "grpc");
  check_health(timed, "", "Watch");
  EXPECT_EQ(timed.seen(), "head 1 200\ndata 1 " + kNotServing + "\n");
  timed.advance(1min);
  EXPECT_EQ(timed.seen(), "+30s\n" + unavailable);
}

TEST(GrpcHealth, AnswersGrpcWeb) {
  const auto body = kNotServing + std::string("\x80\0\0\0\x10grpc-status: 0\r\n", 21);
  H2ClientLab lab(health_rule(), true, "grpc");
  lab.client.logs_data = false;
  check_health(lab, "", "Check", "application/grpc-web+proto");
  EXPECT_EQ(lab.client.bodies[1], body);
  EXPECT_THAT(lab.seen(), testing::EndsWith("end 1\n"));
}

TEST(GrpcHealth, LeavesOtherRequestsAlone) {
  H2ClientLab lab(health_rule());
  check_health(lab, "", "Check", "application/json");
  EXPECT_EQ(lab.seen(), "head 1 200\ndata 1 hello\nend 1\n");
  EXPECT_THAT(first_problem_of(health_rule(", status = \"SICK\""), "grpc"), HasSubstr("SICK"));
}

}  // namespace
}  // namespace brownout::test
