#include "rules/reference.h"

#include <gtest/gtest.h>

#include "rules/fault.h"
#include "tests/support/files.h"

namespace brownout::rules {
namespace {

TEST(Reference, ThePageInDocsIsCurrent) {
  EXPECT_EQ(test::read_source("docs/reference.md"), reference_page())
      << "run: brownout reference > docs/reference.md";
}

// Whoever tests a client wants to know what to expect of it.
TEST(Reference, OfEveryFaultOfMessagesItSaysWhatACorrectClientDoes) {
  for (const auto* kind : all_faults()) {
    if (!kind->carries(Carrier::kMessage)) continue;
    EXPECT_NE(kind->summary.find("A correct client"), std::string_view::npos) << kind->name;
  }
}

}  // namespace
}  // namespace brownout::rules
