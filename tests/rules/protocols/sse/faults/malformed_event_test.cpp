#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

std::string malformed(const std::string& how, const std::string& event) {
  MessageLab lab("sse", "[[rule]]\nfault = { type = \"malformed_event\", how = \"" + how + "\" }");
  lab.from_server(event);
  return lab.at_client();
}

TEST(MalformedEvent, LacksItsEmptyLine) {
  EXPECT_EQ(malformed("no_end", "data: 1\n\ndata: 2\n\n"), "data: 1\ndata: 2\n");
  EXPECT_EQ(malformed("no_end", "data: 1\r\n\r\n"), "data: 1\r\n");
}

TEST(MalformedEvent, HasAnotherField) {
  EXPECT_EQ(malformed("field", "id: data:\ndata: data:1\r\ndata\ndatabase: 2\n\n"),
            "id: data:\ndate: data:1\r\ndate\ndatabase: 2\n\n");
}

TEST(MalformedEvent, HasAByteThatIsNotUtf8) {
  EXPECT_EQ(malformed("utf8", "id: 1\ndata: 1\ndata: 2\n\n"), "id: 1\ndata: 1\xff\ndata: 2\n\n");
  EXPECT_EQ(malformed("utf8", "data\n\n"), "data:\xff\n\n");
}

TEST(MalformedEvent, LeavesCommentsAndReplacedEventsAlone) {
  EXPECT_EQ(malformed("no_end", ": ping\n\nretry: 1\n\n"), ": ping\n\nretry: 1\n\n");
  MessageLab lab("sse", R"([[rule]]
fault = { type = "replace", text = "new" }
[[rule]]
fault = { type = "malformed_event", how = "no_end" })");
  lab.from_server("data: 1\n\n");
  EXPECT_EQ(lab.at_client(), "data: new\n\n");
}

}  // namespace
}  // namespace brownout::test
