#include "rules/reference.h"

#include <gtest/gtest.h>

#include "tests/support/files.h"

namespace brownout::rules {
namespace {

TEST(Reference, ThePageInDocsIsCurrent) {
  EXPECT_EQ(test::read_source("docs/reference.md"), reference_page())
      << "run: brownout reference > docs/reference.md";
}

}  // namespace
}  // namespace brownout::rules
