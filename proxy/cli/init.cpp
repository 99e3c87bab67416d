// brownout init: writes a commented rule file to begin with.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <mutex>
#include <optional>
#include <utility>

#include "proxy/cli/commands.h"
#include "proxy/cli/exec_without_rules.h"
#include "proxy/cli/questions.h"
#include "proxy/cli/quick_file.h"
#include "proxy/cli/rule_file.h"
#include "proxy/draft/place.h"
#include "proxy/draft/seen.h"
#include "proxy/draft/sources.h"
#include "proxy/loop/fd.h"
#include "proxy/loop/read_file.h"
#include "proxy/loop/write_all.h"
#include "proxy/observe/console.h"
#include "rules/base/diagnostics.h"
#include "rules/base/shell_text.h"
#include "rules/match/protocol.h"

namespace brownout::cli {
namespace {

using draft::Draft;
using rules::Result;

// Collects the servers of flows. Workers submit flows on their own threads.
class SeenSink final : public proxy::EventSink {
 public:
  void submit(std::string lines) override {
    const std::lock_guard lock(mutex_);
    std::string_view rest = lines;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      // Ignores errors: the engine writes only valid lines, and a flow without a server gives no
      // rule.
      static_cast<void>(seen_.add(line));
    }
  }
  draft::Seen take() {
    const std::lock_guard lock(mutex_);
    return std::move(seen_);
  }

 private:
  std::mutex mutex_;
  draft::Seen seen_;
};

// Redirects standard output to standard error during its lifetime.
class StandardOutputElsewhere {
 public:
  StandardOutputElsewhere() : kept_(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (kept_) dup2(STDERR_FILENO, STDOUT_FILENO);
  }
  ~StandardOutputElsewhere() {
    if (kept_) dup2(kept_.get(), STDOUT_FILENO);
  }
  StandardOutputElsewhere(const StandardOutputElsewhere&) = delete;
  StandardOutputElsewhere& operator=(const StandardOutputElsewhere&) = delete;

 private:
  proxy::Fd kept_;
};

// Returns the command line with the quotes that a shell needs.
std::string typed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + rules::shell_word(word);
  return text;
}

draft::Place place_of(const InitOptions& options) {
  draft::Place place;
  if (!options.listen.empty()) place.listen = address_of(options.listen);
  for (const auto& server : options.to) place.servers.push_back(address_of(server));
  place.protocol = options.protocol;
  return place;
}

bool has_answers(const InitOptions& options) {
  return !options.listen.empty() || !options.to.empty() || !options.protocol.empty();
}

// A proxy listener has no server, so --to must not be dropped silently.
Result<void> check_to(const InitOptions& options, const std::string& protocol) {
  if (options.to.empty() || protocol != rules::Protocol::kProxy.name()) return {};
  return rules::config_error(
      "--to is not possible with --protocol proxy: each client request says which server to "
      "connect "
      "to",
      "leave out --to, or choose another --protocol");
}

rules::Error needless_answers() {
  return {rules::Origin::kConfig,
          "--listen, --to and --protocol do not fit here: the addresses come from the input",
          "leave out --listen, --to and --protocol, and edit the new file",
          {}};
}

Result<Draft> draft_of_answers(const InitOptions& options) {
  auto place = place_of(options);
  if (options.yes || place.is_known()) return draft::draft_of(place);
  if (isatty(STDIN_FILENO) == 0) {
    return rules::config_error(
        "init has three questions to ask, but standard input is not a terminal",
        "give the answers as options, e.g. brownout init --yes --listen 5433 --to 127.0.0.1:5432 "
        "--protocol tcp");
  }
  if (ask(place, std::cin, std::cerr)) {
    if (const auto fits = check_to(options, place.protocol); !fits) {
      return tl::unexpected(fits.error());
    }
    return draft::draft_of(place);
  }
  return rules::config_error("standard input ended before the questions were answered",
                             "answer all three, or give --yes to take the defaults");
}

Result<Draft> draft_of_file(const InitOptions& options) {
  const auto path = options.from == "-" ? std::string("/dev/stdin") : options.from;
  if (draft::source_named(path) && access(path.c_str(), F_OK) != 0) {
    return rules::config_error(
        "there is no file " + rules::in_quotes(path),
        "--from needs the path of a file, and --format the kind of the file: write --from FILE "
        "--format " +
            path);
  }
  const auto text = proxy::read_once(path);
  if (!text) {
    return rules::config_error(text.error().what,
                               "check the path of --from, or give - for standard input");
  }
  const auto source = options.format.empty()
                          ? draft::source_of(*text)
                          : Result<draft::Source>(*draft::source_named(options.format));
  if (!source) return tl::unexpected(source.error());
  const bool has_places = *source == draft::Source::kFlows || *source == draft::Source::kToxiproxy;
  if (has_places && has_answers(options)) return tl::unexpected(needless_answers());
  return draft::draft_of(*source, *text, place_of(options));
}

Result<Draft> draft_of_run(const InitOptions& options) {
  if (has_answers(options)) return tl::unexpected(needless_answers());
  if (options.command.empty()) {
    return rules::config_error("--from-exec needs a command after --",
                               "brownout init rules.toml --from-exec -- npm test");
  }
  SeenSink sink;
  int status = 0;
  {
    std::optional<StandardOutputElsewhere> elsewhere;
    if (options.path.empty()) elsewhere.emplace();
    status = exec_without_rules(options.command, sink);
  }
  const auto seen = sink.take();
  if (status != 0) {
    proxy::print_error(fmt::format("the command ended with {}\n", status));
  }
  if (!seen.empty()) return draft::draft_of_command(seen, options.command.front());
  return tl::unexpected(rules::Error{
      rules::Origin::kInternal, "the command opened no connection, so there is nothing to write",
      "run a command that connects to a server; a server that it starts itself counts, too"});
}

Result<Draft> make_draft(const InitOptions& options) {
  if (!options.from_exec && !options.command.empty()) {
    return rules::config_error("a command after -- is run only with --from-exec",
                               "brownout init rules.toml --from-exec -- npm test");
  }
  if (const auto fits = check_to(options, options.protocol); !fits) {
    return tl::unexpected(fits.error());
  }
  if (options.from_exec) return draft_of_run(options);
  if (!options.from.empty()) return draft_of_file(options);
  if (!options.preset.empty()) return draft::draft_of_preset(place_of(options), options.preset);
  return draft_of_answers(options);
}

rules::Error cannot_write(const std::string& path) {
  if (errno == EEXIST) {
    return {rules::Origin::kConfig,
            path + " exists already",
            "give --force to overwrite it, or another name",
            {}};
  }
  return {rules::Origin::kConfig, path + " cannot be written: " + std::strerror(errno),
          "make its folder first, free space, or name another file"};
}

Result<void> write_text(const InitOptions& options, const std::string& text) {
  if (options.path.empty()) {
    const proxy::Fd output(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (proxy::write_all(output, text)) return {};
    return tl::unexpected(cannot_write("standard output"));
  }
  const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (options.force ? O_TRUNC : O_EXCL);
  const proxy::Fd file(open(options.path.c_str(), how, 0666));
  if (!file) return tl::unexpected(cannot_write(options.path));
  if (proxy::write_all(file, text)) return {};
  const auto error = cannot_write(options.path);
  unlink(options.path.c_str());
  return tl::unexpected(error);
}

void say_next(const InitOptions& options, const Draft& draft) {
  const auto count = [&](std::string_view kind, bool on) {
    return std::count_if(draft.tables.begin(), draft.tables.end(),
                         [&](const auto& table) { return table.kind == kind && table.on == on; });
  };
  const auto path = rules::shell_word(options.path);
  const auto next = options.from_exec ? "brownout exec " + path + " -- " + typed(options.command)
                                      : "brownout run " + path;
  proxy::print_error(fmt::format("wrote {}: {}, {} switched on, {} switched off; next: {}\n",
                                 options.path, rules::count_of(count("listener", true), "listener"),
                                 rules::count_of(count("rule", true), "rule"), count("rule", false),
                                 next));
}

}  // namespace

int init(const InitOptions& options) {
  // Refuses an existing file at once, before the user answers questions or a command runs.
  if (!options.path.empty() && !options.force && access(options.path.c_str(), F_OK) == 0) {
    errno = EEXIST;
    return fail(cannot_write(options.path));
  }
  const auto draft = make_draft(options);
  const auto text = draft ? draft::text_of(*draft) : tl::unexpected(draft.error());
  if (!text) {
    auto error = text.error();
    if (!options.from.empty()) error.what = options.from + ": " + error.what;
    return fail(error);
  }
  if (const auto written = write_text(options, *text); !written) return fail(written.error());
  if (!options.path.empty()) say_next(options, *draft);
  return 0;
}

}  // namespace brownout::cli
