// Tests that `brownout init` makes a rule file that loads, or gives an error, whatever its input.
// The inputs are the seeds of the fuzzers, and random variants of them.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "proxy/draft/seen.h"
#include "proxy/draft/sources.h"
#include "tests/support/draft_checks.h"
#include "tests/support/files.h"

namespace brownout::draft {
namespace {

// Bytes that are special to one of the formats.
constexpr std::string_view kBytes = "\"\\'#:{}[]-&*%,.\n\t 0a9~\x01\xff";

std::string variant_of(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t most) { return random() % most; };
  for (auto changes = 1 + below(3); changes > 0 && !text.empty(); --changes) {
    const auto at = below(text.size());
    switch (below(4)) {
      case 0:
        text[at] = kBytes[below(kBytes.size())];
        break;
      case 1:
        text.insert(at, 1, kBytes[below(kBytes.size())]);
        break;
      case 2:
        text.erase(at, 1 + below(8));
        break;
      default:
        text.insert(at, text.substr(below(text.size()), below(40)));
    }
  }
  return text;
}

void check_all(const std::string& text) {
  for (const auto& name : source_names()) {
    const auto made = test::text_or_error(draft_of(*source_named(name), text, {}));
    EXPECT_FALSE(made.empty());
  }
  test::text_or_error(draft_of(Source::kNetem, text, {"", {}, "udp"}));
  if (const auto seen = read_seen(text)) test::text_or_error(draft_of_command(*seen, "npm test"));
}

TEST(DraftProperties, AnyFileGivesAnErrorOrAValidRuleFile) {
  std::mt19937 random(20211004);
  std::size_t seeds = 0;
  for (const auto* folder : {"netem", "envoy", "seen"}) {
    const auto corpus = std::filesystem::path(test::source_root()) / "tests/fuzz/corpus" / folder;
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
      ++seeds;
      const auto seed = test::read_file(entry.path());
      check_all(seed);
      for (int i = 0; i < 100 && !HasFailure(); ++i) {
        const auto text = variant_of(seed, random);
        SCOPED_TRACE(text);
        check_all(text);
      }
    }
  }
  EXPECT_GE(seeds, 7U);
}

}  // namespace
}  // namespace brownout::draft
