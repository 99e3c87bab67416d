#include "proxy/cli/parser.h"

int main(int argc, char** argv) { return brownout::cli::parse_and_run(argc, argv); }
