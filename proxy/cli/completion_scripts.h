// The completion scripts of the shells. At each completion they ask `brownout complete` for
// candidates, so that they always offer current rules and listeners.
#pragma once

namespace brownout::cli {

extern const char* const kBashCompletion;
extern const char* const kZshCompletion;
extern const char* const kFishCompletion;

}  // namespace brownout::cli
