// Tests Exchange with messages in bodies: faults of messages act on events, lines and gRPC
// messages, for clients and servers of both versions of HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/grpc/codec/grpc_connection.h"
#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using messages::grpc_frame;
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

// A response without a length ends with its connection. Events that wait, and the beginning of one
// that is incomplete, must still reach the client.
TEST(ExchangeMessages, NothingIsLostWhereTheConnectionEndsTheBody) {
  const std::string delay_b =
      "[[rule]]\nmatch = { event = \"b\" }\nper = \"message\"\n"
      "fault = { type = \"delay\", delay = \"1s\" }\n";
  HttpLab lab(delay_b, 1, "sse");
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  lab.server(event_stream(kEvents + "data: incompl", false));
  lab.server_ends();
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("data: 1\n\n"));
  EXPECT_FALSE(lab.closed());
  lab.advance(1s);
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("\r\n\r\n" + kEvents + "data: incompl"));
  EXPECT_TRUE(lab.closed());
}

TEST(ExchangeMessages, AServerMayLeaveWhileItsLastEventWaits) {
  const std::string delay =
      "[[rule]]\nper = \"message\"\nfault = { type = \"delay\", delay = \"1s\" }\n";
  for (const auto* end : {"0\r\n\r\n", "0\r\nx-sum: 7\r\n\r\n"}) {
    HttpLab lab(delay, 1, "sse");
    lab.reply.reset();
    lab.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    lab.server(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "9\r\ndata: 1\n\n\r\n" +
        std::string(end));
    lab.server_ends();
    lab.advance(1s);
    EXPECT_THAT(lab.to_client_bytes(), EndsWith("9\r\ndata: 1\n\n\r\n" + std::string(end)));
  }
}

TEST(ExchangeMessages, AnIncompleteMessagePassesWhereTheServerDies) {
  HttpLab lab(kDropB, 1, "sse");
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  lab.server(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: 1");
  lab.server_ends();
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("7\r\ndata: 1\r\n"));
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

TEST(ExchangeMessages, IncompleteMessagesOfAConnectionAreBounded) {
  const std::vector<rules::HttpHeader> grpc{{"content-type", "application/grpc"}};
  H2ClientLab lab("[[rule]]\nmatch = { text = \"lost\" }\nfault = { type = \"drop\" }\n", true,
                  "grpc");
  lab.upstream.logs_data = false;
  const std::string most(std::size_t{15} << 20, 'x');
  const auto part = std::string("\0\1\0\0\0", 5) + most;
  for (int stream = 0; stream < 4; ++stream) lab.ask("POST", "/a.B/C", part, true, grpc);
  EXPECT_EQ(lab.reports, "");
  const auto last = lab.ask("POST", "/a.B/C", part, true, grpc);
  EXPECT_EQ(lab.reports, "not gRPC: the incomplete messages of a connection exceed 64 MiB\n");
  EXPECT_EQ(lab.upstream.bodies[last].size(), part.size());
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

// Asks for a gRPC call, to which the server answers with a message and `grpc-status: 14`, or with
// the status alone. Returns what the client sees at once and, separated by it, after 2 seconds.
std::string failed_call(const std::string& rules, bool trailers_only) {
  H2ClientLab lab(rules, true, "grpc");
  lab.ask("POST", "/chat.Messages/Send", grpc_frame("x"), false,
          {{"content-type", "application/grpc"}, {"te", "trailers"}});
  rules::HttpHead head;
  head.status = 200;
  head.append("content-type", "application/grpc");
  if (trailers_only) head.append("grpc-status", "14");
  lab.client.logs_data = false;
  lab.upstream.session.send_response(1, head, trailers_only);
  if (!trailers_only) {
    lab.upstream.session.send_data(1, codecs::bytes_of(grpc_frame("y")));
    lab.upstream.session.send_end(1, {{"grpc-status", "14"}});
  }
  lab.run();
  lab.advance(5s);
  return lab.seen();
}

std::string status_rule(const std::string& fault, const std::string& match = "grpc_status = 14") {
  return "[[rule]]\nmatch = { " + match + " }\nper = \"message\"\nfault = { type = " + fault +
         " }\n";
}

TEST(ExchangeMessages, AStatusOfGrpcSelectsTheTrailersOfHttp2) {
  const std::string all = "head 1 200\nend 1 [grpc-status: 14]\n";
  EXPECT_EQ(failed_call("", false), all);
  EXPECT_EQ(failed_call(status_rule("\"drop\""), false), "head 1 200\nend 1\n");
  EXPECT_EQ(failed_call(status_rule("\"delay\", delay = \"2s\""), false),
            "head 1 200\n+2s\nend 1 [grpc-status: 14]\n");
  EXPECT_EQ(failed_call(status_rule("\"cut_stream\""), false), "head 1 200\nreset 1 2\n");
  EXPECT_EQ(failed_call(status_rule("\"half_open\""), false), "head 1 200\n");
  EXPECT_EQ(failed_call(status_rule("\"drop\"", "grpc_status = [8, 13]"), false), all);
  // Without the key, a rule on messages leaves trailers alone.
  EXPECT_EQ(
      failed_call(status_rule("\"drop\"", "rpc = \"Send\", direction = \"downstream\""), false),
      all);
}

TEST(ExchangeMessages, AStatusOfGrpcSelectsAHeadThatIsTheWholeResponse) {
  EXPECT_EQ(failed_call(status_rule("\"delay\", delay = \"2s\""), true), "+2s\nhead 1 200 ended\n");
  EXPECT_EQ(failed_call(status_rule("\"half_open\""), true), "");
  EXPECT_EQ(failed_call(status_rule("\"cut_stream\", close = \"rst\""), true), "reset 1 2\n");
  EXPECT_EQ(failed_call(status_rule("\"drop\"", "grpc_status = 8"), true), "head 1 200 ended\n");
}

// Calls a server of gRPC-Web over HTTP/1, which answers with this response. Returns a lab whose
// client has seen what passes at once.
std::unique_ptr<HttpLab> web_call(const std::string& rules, const std::string& response) {
  auto lab = std::make_unique<HttpLab>(rules, 1, "grpc");
  lab->reply.reset();
  lab->client(
      "POST /chat.Messages/Send HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web+proto\r\n"
      "Content-Length: 6\r\n\r\n" +
      grpc_frame("x"));
  lab->server("HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\n" + response);
  return lab;
}

TEST(ExchangeMessages, AStatusOfGrpcWebSelectsAHeadOfHttp1WithoutABody) {
  const std::string head = "grpc-status: 14\r\n";
  for (const std::string end :
       {"Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    const auto delayed = web_call(status_rule("\"delay\", delay = \"2s\""), head + end);
    EXPECT_EQ(delayed->to_client_bytes(), "");
    delayed->advance(2s);
    EXPECT_THAT(delayed->to_client_bytes(), HasSubstr("grpc-status: 14\r\n"));
    EXPECT_THAT(delayed->to_client_bytes(), EndsWith(end));
    const auto dropped = web_call(status_rule("\"drop\""), head + end);
    EXPECT_THAT(dropped->to_client_bytes(), Not(HasSubstr("grpc-status")));
    EXPECT_THAT(dropped->to_client_bytes(), EndsWith(end));
    const auto other = web_call(status_rule("\"drop\"", "grpc_status = 8"), head + end);
    EXPECT_THAT(other->to_client_bytes(), EndsWith(head + end));
  }
}

TEST(ExchangeMessages, AStatusInTheHeadOfAResponseWithMessagesIsNoEndOfTheCall) {
  const auto message = "6\r\n" + grpc_frame("y") + "\r\n";
  const auto lab = web_call(status_rule("\"drop\""),
                            "grpc-status: 14\r\nTransfer-Encoding: chunked\r\n\r\n" + message);
  EXPECT_THAT(lab->to_client_bytes(), HasSubstr("grpc-status: 14\r\n"));
  EXPECT_THAT(lab->to_client_bytes(), EndsWith(message));
}

// The server dies while the proxy waits for the beginning of its response's body.
TEST(ExchangeMessages, AHeadWithAStatusIsNotLostWithItsServer) {
  const auto lab = web_call(status_rule("\"drop\"", "grpc_status = 8"), "grpc-status: 14\r\n\r\n");
  EXPECT_EQ(lab->to_client_bytes(), "");
  lab->server_ends();
  EXPECT_THAT(lab->to_client_bytes(), HasSubstr("grpc-status: 14\r\n"));
  EXPECT_TRUE(lab->closed());
}

// Data that waits for the client's socket arrives before the reset.
TEST(ExchangeMessages, ACutStreamOfHttp2LosesNothingBeforeTheCut) {
  H2ClientLab lab(
      "[[rule]]\nmatch = { event = \"b\" }\nfault = { type = \"cut_stream\", close = \"rst\" }",
      false, "sse");
  lab.client.logs_data = false;
  lab.reply.reset();
  const auto id = lab.get("/");
  lab.client_takes_bytes = false;
  lab.server(id, event_stream(kEvents, false));
  EXPECT_EQ(lab.seen(), "");
  lab.client_takes_bytes = true;
  lab.run();
  EXPECT_EQ(lab.client.bodies[id], "event: a\ndata: 1\n\n");
  EXPECT_EQ(lab.seen(), "head 1 200\nreset 1 2\n");
}

TEST(ExchangeMessages, AClientOfHttp1MayLeaveAHalfOpenStream) {
  HttpLab lab("[[rule]]\nfault = { type = \"half_open\", after_messages = 1 }", 1, "sse");
  lab.reply.reset();
  lab.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  lab.server(event_stream(kEvents, false));
  EXPECT_THAT(lab.to_client_bytes(), EndsWith("data: 1\n\n"));
  EXPECT_FALSE(lab.closed());
  lab.client_ends();
  EXPECT_TRUE(lab.closed());
}

TEST(ExchangeMessages, CheckRefusesFaultsThatDoNothingToTrailers) {
  EXPECT_EQ(first_problem_of(status_rule("\"replace\", text = \"{}\""), "grpc"),
            "fault \"replace\" has no effect on trailers, which grpc_status selects");
  EXPECT_EQ(first_problem_of(status_rule("\"delay\", delay = \"1s\""), "grpc"), "");
}

}  // namespace
}  // namespace brownout::test
