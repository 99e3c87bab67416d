// brownout toxiproxy: replaces toxiproxy-server, with the same API and options.
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/bearer_token.h"
#include "proxy/control/http_server.h"
#include "proxy/control/metrics.h"
#include "proxy/control/process.h"
#include "proxy/control/toxiproxy_api.h"
#include "proxy/engine/engine.h"
#include "proxy/loop/signals.h"
#include "proxy/observe/console.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;

// Returns Brownout's log level for the environment variable LOG_LEVEL, which has Toxiproxy's names
// of levels.
std::string log_level() {
  const char* wanted = std::getenv("LOG_LEVEL");
  const std::string level = wanted == nullptr ? "info" : wanted;
  if (level == "trace") return "debug";
  if (level == "warning") return "warn";
  if (level == "fatal" || level == "panic") return "error";
  for (const auto* known : {"debug", "info", "warn", "error"}) {
    if (level == known) return level;
  }
  return "info";
}

// Returns the access token that every request must have, without white space around it; "" if no
// token is set.
std::string auth_token() {
  constexpr std::string_view kWhite = " \t\r\n";
  const char* given = std::getenv("TOXIPROXY_AUTH_TOKEN");
  if (given == nullptr) return "";
  const std::string_view text = given;
  const auto begin = text.find_first_not_of(kWhite);
  if (begin == std::string_view::npos) {
    spdlog::warn(
        "TOXIPROXY_AUTH_TOKEN is set, but blank, so the API requires no token; write a token into "
        "it, or unset it");
    return "";
  }
  return std::string(text.substr(begin, text.find_last_not_of(kWhite) + 1 - begin));
}

void warn_without_token(const rules::Endpoint& where, const std::string& token) {
  const auto ip = where.ip();
  if (!token.empty() || (ip && ip->is_loopback())) return;
  spdlog::warn(
      "other machines can use the API at {} without a token: set TOXIPROXY_AUTH_TOKEN to require "
      "one",
      rules::to_text(where));
}

}  // namespace

int toxiproxy(const ToxiproxyOptions& options) {
  // Reading a pipe may block the process until it is closed. No client is served yet, and a signal
  // still ends the process.
  std::optional<std::string> text;
  if (!options.config.empty() && !(text = read_text(options.config))) return kBadInput;
  if (const auto claimed = claim_descriptors(options.workers); !claimed) {
    return fail(claimed.error());
  }
  set_up_logging(log_level());
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  rules::Config nothing;
  nothing.seed = options.seed;
  auto engine = Engine::start(loop, nothing, EngineOptions{.workers = options.workers});
  if (!engine) return fail(engine.error());
  toxiproxy::Api api(**engine);
  const auto token = auth_token();
  api.set_token(token);
  if (text) {
    if (const auto loaded = api.load(*text); !loaded) {
      return fail({Origin::kConfig, options.config + ": " + loaded.error().what,
                   "correct it; its form is that of toxiproxy-server -config"});
    }
  }
  const Metrics metrics(
      **engine, [&api] { return api.upstreams(); },
      {.own = false, .toxiproxy = options.proxy_metrics, .runtime = options.runtime_metrics});
  const bool measured = options.proxy_metrics || options.runtime_metrics;
  const auto handle = [&](const HttpServer::Request& request) {
    if (!measured || request.path != "/metrics") return api.handle(request);
    auto refused = api.unauthorized(request);
    return refused ? std::move(*refused) : metrics.handle(request);
  };
  HttpServer::IsAuthorized is_authorized;
  if (!token.empty()) {
    is_authorized = [&](const rules::HttpHead& head) { return has_bearer_token(head, token); };
  }
  auto server =
      HttpServer::listen(loop, {options.host.empty() ? "::" : options.host, options.port, ""},
                         handle, nullptr, std::move(is_authorized));
  if (!server) return fail(server.error());
  Signals signals(loop);
  for (const int number : {SIGINT, SIGTERM}) signals.on(number, [&](int) { loop.stop(); });
  spdlog::info("Toxiproxy's API on {}, seed {}", rules::to_text((*server)->endpoint()),
               (*engine)->seed());
  warn_without_token((*server)->endpoint(), token);
  loop.run();
  (*engine)->stop();
  return 0;
}

}  // namespace brownout::cli
