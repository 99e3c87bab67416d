// The commands of brownout. Each adds itself to the parser; what it does runs when it was chosen,
// and its exit code lands in `exit_code`: 0 done, 1 failed, 2 bad input.
#pragma once

#include <CLI/CLI.hpp>

namespace brownout::cli {

inline constexpr int kFailed = 1;
inline constexpr int kBadInput = 2;

void add_run(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
void add_reference(CLI::App& app, int& exit_code);
// Man page and shell completions, written from the parser itself.
void add_generate(CLI::App& app, int& exit_code);

}  // namespace brownout::cli
