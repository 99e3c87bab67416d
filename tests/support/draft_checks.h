// Checks that every file that `brownout init` makes can be loaded, as it is written and with all of
// its rules switched on.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "proxy/draft/draft.h"
#include "rules/base/describe.h"
#include "rules/language/load_toml.h"
#include "rules/language/warnings.h"

namespace brownout::test {

// Returns the file after a person has removed the # from each line that is a rule switched off, not
// a comment.
inline std::string switched_on(const std::string& text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    auto line = text.substr(at, end - at);
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
    all += line + "\n";
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return all;
}

inline void expect_loads(const std::string& text) {
  const auto config = rules::load_toml(text);
  ASSERT_TRUE(config) << text << rules::render(config.error(), "draft", text);
}

// Checks that the file loads without errors and without warnings.
inline void expect_loads_well(const std::string& text) {
  const auto config = rules::load_toml(text);
  ASSERT_TRUE(config) << text << rules::render(config.error(), "draft", text);
  const auto warnings = rules::warnings_of(*config);
  EXPECT_TRUE(warnings.empty()) << text << rules::render(warnings, "draft", text, "warning");
}

// The text of the draft; an error as "error: ...".
inline std::string text_or_error(const rules::Result<draft::Draft>& draft) {
  if (!draft) return "error: " + describe(draft.error());
  const auto text = draft::text_of(*draft);
  if (!text) return "error: " + describe(text.error());
  expect_loads_well(*text);
  // Accepts warnings, since `brownout init` may switch a rule off because it causes a warning.
  expect_loads(switched_on(*text));
  return *text;
}

}  // namespace brownout::test
