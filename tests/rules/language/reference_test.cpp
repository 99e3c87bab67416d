#include "rules/language/reference.h"

#include <gtest/gtest.h>

#include "rules/engine/fault.h"
#include "tests/support/files.h"

namespace brownout::rules {
namespace {

TEST(Reference, TheReferencePageIsCurrent) {
  EXPECT_EQ(test::read_source("docs/reference.md"), reference_page())
      << "run: brownout reference > docs/reference.md";
}

// An alias is not itself the name of a fault, and resolves to one.
TEST(Reference, AliasesLeadToFaults) {
  EXPECT_EQ(aliased_fault(""), "");
  for (const auto* kind : all_faults()) EXPECT_EQ(aliased_fault(kind->name), "") << kind->name;
  for (const auto* name : {"http_status", "reset_peer", "blackhole", "limit"}) {
    EXPECT_NE(find_fault(aliased_fault(name)), nullptr) << name;
  }
}

// Testers of a client need to know how a correct client behaves.
TEST(Reference, EveryFaultDescribesACorrectClientItsSourceAndItsRamp) {
  for (const auto* kind : all_faults()) {
    EXPECT_NE(kind->summary, "") << kind->name;
    EXPECT_NE(kind->correct_client, "") << kind->name;
    EXPECT_NE(kind->source, "") << kind->name;
    EXPECT_EQ(kind->ramp == Ramp::kMagnitude, !kind->ramped.empty()) << kind->name;
  }
}

}  // namespace
}  // namespace brownout::rules
