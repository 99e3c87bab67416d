// Tests Exchange with messages in bodies: faults of messages act on events, lines and gRPC
// messages, for clients and servers of both versions of HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

const std::string kEvents = "event: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\ndata: 3\n\n";
const std::string kDropB =
    "[[rule]]\nmatch = { event = \"b\" }\nprobability = \"100%\"\nfault = { type = \"drop\" }\n";

std::string event_stream(const std::string& body, bool with_length = true) {
  const auto head = std::string("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
  return with_length ? head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body
                     : head + "\r\n" + body;
}

TEST(ExchangeMessages, AnEventIsDroppedForAClientOfHttp1) {
  HttpLab lab(kDropB, 1, "sse");
  lab.reply = event_stream(kEvents);
  lab.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(lab.to_client_bytes(), Not(HasSubstr("event: b")));
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("event: c\ndata: 3\n\n"));
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("0\r\n\r\n"));
}

TEST(ExchangeMessages, AClientOfHttp10GetsNoChunks) {
  HttpLab lab(kDropB, 1, "sse");
  lab.reply = event_stream(kEvents);
  lab.client("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(),
              EndsWith("\r\n\r\nevent: a\ndata: 1\n\nevent: c\ndata: 3\n\n"));
  EXPECT_TRUE(lab.closed());
}

TEST(ExchangeMessages, AnEventIsDroppedForAClientOfHttp2) {
  H2ClientLab lab(kDropB, false, "sse");
  lab.client.logs_data = false;
  lab.reply = event_stream(kEvents);
  const auto id = lab.get("/");
  EXPECT_EQ(lab.client.bodies[id], "event: a\ndata: 1\n\nevent: c\ndata: 3\n\n");
  EXPECT_THAT(lab.seen(), EndsWith("end 1\n"));
}

TEST(ExchangeMessages, ADelayedEventIsGivenBackWhenItsRuleGoes) {
  H2ClientLab lab(
      "[[rule]]\nmatch = { event = \"b\" }\nper = \"message\"\n"
      "fault = { type = \"delay\", delay = \"1h\" }\n",
      false, "sse");
  lab.client.logs_data = false;
  lab.reply = event_stream(kEvents, false);
  const auto id = lab.get("/");
  EXPECT_EQ(lab.client.bodies[id], "event: a\ndata: 1\n\n");
  lab.reload("");
  EXPECT_EQ(lab.client.bodies[id], kEvents);
}

std::string grpc_frame(const std::string& message) {
  return std::string("\0\0\0\0", 4) + static_cast<char>(message.size()) + message;
}

TEST(ExchangeMessages, AGrpcMessageIsDropped) {
  H2ClientLab lab(
      "[[rule]]\nmatch = { service = \"chat.Messages\", max_size = \"1 B\", "
      "direction = \"upstream\" }\nper = \"message\"\nfault = { type = \"drop\" }\n",
      true, "grpc");
  lab.upstream.logs_data = false;
  lab.ask("POST", "/chat.Messages/Send", grpc_frame("x") + grpc_frame("long"), false,
          {{"content-type", "application/grpc"}, {"te", "trailers"}});
  EXPECT_EQ(lab.upstream.bodies[1], grpc_frame("long"));
  EXPECT_THAT(lab.upstream.take_log(), HasSubstr("end 1"));
}

TEST(ExchangeMessages, ARejectedGrpcCallEndsWithItsHead) {
  H2ClientLab lab(
      "[[rule]]\nmatch = { service = \"chat.Messages\" }\nper = \"message\"\n"
      "fault = { type = \"reject\" }\n",
      true, "grpc");
  lab.ask("POST", "/chat.Messages/Send", grpc_frame("x"), false,
          {{"content-type", "application/grpc"}, {"te", "trailers"}});
  EXPECT_EQ(lab.seen(), "head 1 200 ended\n");
}

}  // namespace
}  // namespace brownout::test
