// brownout demo: rehearses the outage of 4 October 2021 in twenty seconds, with an embedded
// messaging service and fifty embedded clients. Needs no file, no server and no network.
#include <fmt/core.h>

#include "generated/demo_outage.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/loop/temp_folder.h"

namespace brownout::cli {

int demo() {
  fmt::print(
      "4 October 2021: a messaging platform with two regions is down for hours. Fifty phones can "
      "fail over to another platform.\nSix hours and 45 minutes pass in twenty seconds; # is a "
      "user who got through, x a user who did not.\n\n");
  RehearseOptions options;
  options.path = "examples/outages/2021-10-04.toml";
  options.text = kDemoOutage;
  options.embedded = "well";
  auto folder = proxy::TempFolder::make("brownout-demo", "the report");
  if (!folder) return fail(folder.error());
  options.report = folder->keep();
  const int code = rehearse(options);
  fmt::print(
      "\nThe phones stayed connected, because they had a failover plan and it worked. To see a run "
      "without a plan:\n"
      "  brownout rehearse {0} --embedded badly\n"
      "To rehearse with your own servers and clients, write a file like that one and omit "
      "--embedded.\n",
      options.path);
  return code;
}

}  // namespace brownout::cli
