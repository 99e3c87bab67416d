// Checks that a file of another program gives an error, or a rule file that loads.
#pragma once

#include <cstdlib>

#include "proxy/draft/draft.h"
#include "rules/language/load_toml.h"

namespace brownout::test {

inline void check_draft(const rules::Result<draft::Draft>& draft) {
  if (!draft) {
    if (draft.error().what.empty()) std::abort();
    return;
  }
  const auto text = draft::text_of(*draft);
  if (text ? !rules::load_toml(*text) : text.error().what.empty()) std::abort();
}

}  // namespace brownout::test
