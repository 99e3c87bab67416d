#include <gtest/gtest.h>

#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

std::string with_retry(const std::string& retry, const std::string& event) {
  MessageLab lab("sse", "[[rule]]\nfault = { type = \"sse_retry\", retry = \"" + retry + "\" }");
  lab.from_server(event);
  return lab.at_client();
}

TEST(SseRetry, AddsOrReplacesTheField) {
  EXPECT_EQ(with_retry("1500ms", "id: 7\nevent: a\ndata: 1\ndata: 2\n\n"),
            "id: 7\nevent: a\nretry: 1500\ndata: 1\ndata: 2\n\n");
  EXPECT_EQ(with_retry("0s", "retry: 3000\n\n"), "retry: 0\n\n");
}

TEST(SseRetry, LeavesCommentsAlone) { EXPECT_EQ(with_retry("0s", ": ping\n"), ": ping\n"); }

}  // namespace
}  // namespace brownout::test
