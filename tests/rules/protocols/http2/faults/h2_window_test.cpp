// Tests h2_window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/h2_client_lab.h"
#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(H2Window, StopsBodiesOfTheClientUntilItEnds) {
  H2ClientLab lab("[[rule]]\nfault = { type = \"h2_window\" }\n");
  const auto id = lab.ask("POST", "/", std::string(100, 'x'), true);
  const std::string much(1 << 20, 'y');
  for (int i = 0; i < 6; ++i) lab.client.session.send_data(id, codecs::bytes_of(much));
  lab.run();
  EXPECT_LT(lab.asked[id].size(), std::size_t{1} << 20);
  lab.reload("");
  EXPECT_GT(lab.asked[id].size(), std::size_t{6} << 20);
}

}  // namespace
}  // namespace brownout::test
