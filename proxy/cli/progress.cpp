#include "proxy/cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "rules/base/columns.h"

namespace brownout::cli {
namespace {

// One column less than the usual width of a terminal (80), so that the line does not wrap.
constexpr std::size_t kProgressWidth = 79;

}  // namespace

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() { show(""); }

void Progress::show(std::string_view text) {
  if (!terminal_) return;
  fmt::print(stderr, "\r\x1b[K{}", rules::fitted(text, kProgressWidth));
  std::fflush(stderr);
}

}  // namespace brownout::cli
