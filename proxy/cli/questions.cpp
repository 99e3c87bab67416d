#include "proxy/cli/questions.h"

#include <istream>
#include <optional>
#include <ostream>
#include <string>

#include "proxy/cli/quick_file.h"
#include "rules/base/describe.h"
#include "rules/base/list_text.h"
#include "rules/base/terminal_text.h"
#include "rules/match/protocol.h"

namespace brownout::cli {
namespace {

using Check = rules::Result<void> (*)(const std::string& answer);

// Asks until check() accepts the answer. An empty answer means `fallback`. Returns nothing at the
// end of input.
std::optional<std::string> answer_to(const std::string& question, std::string_view fallback,
                                     Check check, std::istream& in, std::ostream& out) {
  for (;;) {
    out << question << " [" << fallback << "] " << std::flush;
    std::string answer;
    if (!std::getline(in, answer)) return std::nullopt;
    const auto begin = answer.find_first_not_of(" \t\r");
    if (begin == std::string::npos) return std::string(fallback);
    answer = answer.substr(begin, answer.find_last_not_of(" \t\r") + 1 - begin);
    if (const auto usable = check(answer); !usable) {
      out << "  " << rules::printable(describe(usable.error())) << "\n";
      continue;
    }
    return answer;
  }
}

}  // namespace

bool ask(draft::Place& place, std::istream& in, std::ostream& out) {
  if (place.listen.empty()) {
    const auto answer = answer_to(
        "Where do clients connect?", draft::Place::kListen,
        [](const std::string& text) { return draft::check_listen(address_of(text)); }, in, out);
    if (!answer) return false;
    place.listen = address_of(*answer);
  }
  if (place.servers.empty()) {
    const auto answer = answer_to(
        "Where is the server?", draft::Place::kServer,
        [](const std::string& text) { return draft::check_server(address_of(text)); }, in, out);
    if (!answer) return false;
    place.servers = {address_of(*answer)};
  }
  if (place.protocol.empty()) {
    const auto names = rules::Protocol::names();
    const auto answer = answer_to("Which protocol do they use? (" + rules::list_text(names) + ")",
                                  draft::Place::kProtocol, draft::check_protocol, in, out);
    if (!answer) return false;
    place.protocol = *answer;
  }
  return true;
}

}  // namespace brownout::cli
