// brownout ctl: controls a running proxy from a terminal or a script.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "proxy/cli/api_client.h"
#include "proxy/cli/ctl_tables.h"
#include "proxy/cli/rule_file.h"
#include "proxy/cli/why_text.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/url.h"
#include "rules/base/terminal_text.h"

namespace brownout::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kRefresh = std::chrono::seconds(1);

// Returns the value of a KEY=TEXT argument. Numbers, booleans, arrays and objects are read as JSON.
// Any other text, such as "300ms", is a string.
Json value_of(const std::string& text) {
  const auto json = codecs::read_json<Json>(text);
  const bool plain = json && (json->is_number() || json->is_boolean() || json->is_structured());
  return plain ? *json : Json(text);
}

class Ctl {
 public:
  Ctl(const CtlOptions& options, ApiClient client)
      : options_(options),
        client_(std::move(client)),
        json_(options.json || options.output == "json" ||
              (options.output.empty() && ::isatty(STDOUT_FILENO) == 0)) {}

  int run() {
    const auto& command = options_.command;
    const auto name = proxy::escaped(options_.name);
    if (command == "top") return top();
    if (command == "watch") return watch();
    if (command == "add") return add();
    if (command == "cut") return cut();
    if (command == "why") return why();
    if (command == "rm") return ask("DELETE", "rules/" + name, "deleted");
    if (command == "enable" || command == "disable") {
      return ask("POST", "rules/" + name + "/" + command, command + "d");
    }
    if (command == "recount")
      return ask("POST", "rules/" + name + "/recount", "counts its matches from 1 again");
    if (command == "halt") return ask("POST", "halt", "halted: all faults are off");
    if (command == "reset") return reset();
    if (command == "resume") return ask("POST", "resume", "resumed: faults are on");
    return show(command);
  }

 private:
  // Prints the error if the call failed or the API refused the request. Returns the exit code.
  int judge(const rules::Result<ApiClient::Answer>& answer) const {
    if (!answer) {
      fmt::print(stderr, "error: {}\n", describe(answer.error()));
      return kFailed;
    }
    if (answer->status < 300) return 0;
    const auto& body = answer->body;
    const auto text = [](const Json& from, const char* key) {
      return rules::printable(from.value(key, ""));
    };
    fmt::print(stderr, "error: {}\n",
               body.is_object() && body.contains("title")
                   ? text(body, "title")
                   : fmt::format("the API answered with HTTP status {} and no reason; check that "
                                 "--url is the address of Brownout's API",
                                 answer->status));
    if (body.is_object() && body.contains("errors")) {
      for (const auto& error : body.at("errors")) {
        const auto pointer = text(error, "pointer");
        fmt::print(stderr, "  {}{}{}\n", pointer, pointer.empty() ? "" : ": ",
                   text(error, "detail"));
        if (error.contains("hint")) fmt::print(stderr, "     = {}\n", text(error, "hint"));
      }
    }
    if (answer->status == kUnauthorized) fmt::print(stderr, "     = {}\n", kTokenHint);
    return answer->status == 404 ? kNoSuch : kBadInput;
  }

  int ask(const std::string& method, const std::string& path, const std::string& done,
          const Json& body = nullptr) const {
    const auto headers =
        options_.lease.empty()
            ? std::map<std::string, std::string>{}
            : std::map<std::string, std::string>{{"Brownout-Lease", options_.lease}};
    const auto answer = client_.call(method, path, body, headers);
    if (const int code = judge(answer); code != 0) return code;
    if (json_) {
      if (!answer->body.is_null()) fmt::print("{}\n", codecs::json_text(answer->body));
    } else {
      const auto name =
          answer->body.is_object() ? answer->body.value("name", options_.name) : options_.name;
      fmt::print("{}{}{}\n", rules::printable(name), name.empty() ? "" : " ", done);
    }
    return 0;
  }

  int show(const std::string& what) const {
    const auto answer = client_.call("GET", what);
    if (const int code = judge(answer); code != 0) return code;
    if (json_) {
      fmt::print("{}\n", codecs::json_text(answer->body));
      return 0;
    }
    fmt::print("{}\n", table_of(what, answer->body));
    if (what != "rules") return 0;
    const auto status = client_.call("GET", "status");
    if (const int code = judge(status); code != 0) return code;
    fmt::print("{}", differences_text(status->body));
    return 0;
  }

  // Undoes the API's changes to the named table of the rule file, or to all tables if no name is
  // given.
  int reset() const {
    const std::string done = "restored from the rule file";
    if (options_.name.empty()) return ask("POST", "reset", done);
    const auto status = client_.call("GET", "status");
    if (const int code = judge(status); code != 0) return code;
    std::string kind = "rule";
    for (const auto& change : status->body.value("differs_from_file", Json::array())) {
      if (change.value("name", "") == options_.name) kind = change.value("kind", kind);
    }
    return ask("POST", kind + "s/" + proxy::escaped(options_.name) + "/reset", done);
  }

  int add() const {
    Json rule = Json::object();
    Json fault{{"type", options_.keys.front()}};
    for (std::size_t i = 1; i < options_.keys.size(); ++i) {
      const auto& pair = options_.keys[i];
      const auto equals = pair.find('=');
      if (equals == std::string::npos) {
        fmt::print(stderr,
                   "error: \"{}\" is not a setting of the form KEY=VALUE; write e.g. delay=300ms\n",
                   pair);
        return kBadInput;
      }
      fault[pair.substr(0, equals)] = value_of(pair.substr(equals + 1));
    }
    const auto set = [](Json& to, const char* key, const std::string& value) {
      if (!value.empty()) to[key] = value;
    };
    set(rule, "name", options_.name);
    Json match = Json::object();
    set(match, "listener", options_.listener);
    set(match, "client", options_.client);
    set(match, "direction", options_.direction);
    if (!match.empty()) rule["match"] = match;
    set(rule, "probability", options_.probability);
    set(rule, "duration", options_.duration);
    rule["fault"] = fault;
    return ask("POST", "rules", "added", rule);
  }

  int cut() const {
    const auto hash = options_.name.find('#');
    if (hash == std::string::npos) {
      fmt::print(stderr,
                 "error: \"{}\" is not a flow of the form LISTENER#NUMBER, e.g. chat#3; `brownout "
                 "ctl flows` lists the open flows\n",
                 options_.name);
      return kBadInput;
    }
    return ask("DELETE",
               "flows/" + proxy::escaped(options_.name.substr(0, hash)) + "/" +
                   proxy::escaped(options_.name.substr(hash + 1)),
               "cut");
  }

  int why() const {
    std::string query;
    const auto add = [&](const std::string& key, const std::string& value) {
      query += (query.empty() ? "?" : "&") + proxy::escaped(key) + "=" + proxy::escaped(value);
    };
    for (const auto& [key, value] : options_.filter) add(key, value);
    for (const auto& pair : options_.where) {
      const auto equals = pair.find('=');
      if (equals == std::string::npos) {
        fmt::print(
            stderr,
            "error: --where \"{}\" is not of the form KEY=TEXT; write e.g. --where topic=home\n",
            pair);
        return kBadInput;
      }
      add(pair.substr(0, equals), pair.substr(equals + 1));
    }
    const auto answer = client_.call("GET", "why" + query);
    if (const int code = judge(answer); code != 0) return code;
    fmt::print("{}", json_ ? codecs::json_text(answer->body) + "\n" : why_text(answer->body));
    return 0;
  }

  int watch() const {
    const auto done = client_.follow([&](const std::string& line) {
      fmt::print("{}\n", json_ ? line : event_line(codecs::read_json<Json>(line).value_or(Json())));
      return std::fflush(stdout) == 0;
    });
    if (done) return 0;
    fmt::print(stderr, "error: {}\n", describe(done.error()));
    return kFailed;
  }

  // Redraws the screen every second until the process is interrupted. With JSON output, prints once
  // and returns.
  int top() const {
    Json before;
    for (;;) {
      Json now;
      for (const auto* part : {"status", "listeners", "rules"}) {
        const auto answer = client_.call("GET", part);
        if (const int code = judge(answer); code != 0) return code;
        now[part] = answer->body;
      }
      if (json_) {
        fmt::print("{}\n", codecs::json_text(now));
        return 0;
      }
      if (::isatty(STDOUT_FILENO) == 0) {
        fmt::print("{}", top_view(now, before));
        return 0;
      }
      // Moves the cursor home and clears the screen.
      fmt::print("\x1b[H\x1b[2J{}", top_view(now, before));
      std::fflush(stdout);
      before = std::move(now);
      std::this_thread::sleep_for(kRefresh);
    }
  }

  const CtlOptions& options_;
  ApiClient client_;
  bool json_;
};

}  // namespace

int ctl(const CtlOptions& options) {
  auto client = ApiClient::make(options);
  if (!client) return fail(client.error());
  try {
    return Ctl(options, std::move(*client)).run();
  } catch (const Json::exception&) {
    fmt::print(stderr,
               "error: the response does not have the form of this version's API; use the "
               "`brownout` of the version that the proxy runs, and check --url\n");
    return kFailed;
  }
}

}  // namespace brownout::cli
