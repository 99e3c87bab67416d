#include "proxy/cli/commands.h"
namespace brownout::cli { void add_verify(CLI::App&, int&) {} void add_demo(CLI::App&, int&) {} }
