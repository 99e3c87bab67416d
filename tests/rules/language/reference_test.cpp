#include "rules/language/reference.h"

#include <gtest/gtest.h>

#include "rules/engine/fault.h"
#include "tests/support/files.h"

namespace brownout::rules {
namespace {

TEST(Reference, ThePageInDocsIsCurrent) {
  EXPECT_EQ(test::read_source("docs/reference.md"), reference_page())
      << "run: brownout reference > docs/reference.md";
}

// Another name of a fault is no fault's own, and leads to one.
TEST(Reference, NamesOfOtherToolsLeadToOurs) {
  EXPECT_EQ(aliased_fault(""), "");
  for (const auto* kind : all_faults()) EXPECT_EQ(aliased_fault(kind->name), "") << kind->name;
  for (const auto* name : {"http_status", "reset_peer", "blackhole", "limit"}) {
    EXPECT_NE(find_fault(aliased_fault(name)), nullptr) << name;
  }
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
