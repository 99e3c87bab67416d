// The completion scripts of the shells. They ask `brownout complete` for candidates, so that they
// know the values, rules and listeners of this moment.
#pragma once

namespace brownout::cli {

extern const char* const kBashCompletion;
extern const char* const kZshCompletion;
extern const char* const kFishCompletion;

}  // namespace brownout::cli
