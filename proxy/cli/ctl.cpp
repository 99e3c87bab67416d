// brownout ctl: a running proxy, from a terminal or a script.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "proxy/cli/api_client.h"
#include "proxy/cli/ctl_tables.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/url.h"

namespace brownout::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kRefresh = std::chrono::seconds(1);

// "300ms" is a string; 3, true and ["a"] are what they look like.
Json value_of(const std::string& text) {
  const auto json = Json::parse(text, nullptr, false);
  const bool plain = json.is_number() || json.is_boolean() || json.is_structured();
  return plain ? json : Json(text);
}

class Ctl {
 public:
  Ctl(const CtlOptions& options, ApiClient client)
      : options_(options),
        client_(std::move(client)),
        json_(options.json || ::isatty(STDOUT_FILENO) == 0) {}

  int run() {
    const auto& command = options_.command;
    const auto name = proxy::escaped(options_.name);
    if (command == "top") return top();
    if (command == "watch") return watch();
    if (command == "add") return add();
    if (command == "cut") return cut();
    if (command == "rm") return ask("DELETE", "rules/" + name, "deleted");
    if (command == "enable" || command == "disable") {
      return ask("POST", "rules/" + name + "/" + command, command + "d");
    }
    if (command == "halt") return ask("POST", "halt", "halted: all faults are off");
    if (command == "resume") return ask("POST", "resume", "resumed: faults are on");
    return show(command);
  }

 private:
  // What the answer means for the exit code; says what went wrong.
  int judge(const rules::Result<ApiClient::Answer>& answer) const {
    if (!answer) {
      fmt::print(stderr, "error: {}\n", describe(answer.error()));
      return kFailed;
    }
    if (answer->status < 300) return 0;
    const auto& body = answer->body;
    fmt::print(stderr, "error: {}\n",
               body.is_object() ? body.value("title", "refused") : "refused");
    if (body.is_object() && body.contains("errors")) {
      for (const auto& one : body["errors"]) {
        fmt::print(stderr, "  {}{}{}\n", one.value("pointer", ""),
                   one.value("pointer", "").empty() ? "" : ": ", one.value("detail", ""));
        if (one.contains("hint")) fmt::print(stderr, "     = {}\n", one.value("hint", ""));
      }
    }
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
      if (!answer->body.is_null()) fmt::print("{}\n", answer->body.dump());
    } else {
      const auto name =
          answer->body.is_object() ? answer->body.value("name", options_.name) : options_.name;
      fmt::print("{}{}{}\n", name, name.empty() ? "" : " ", done);
    }
    return 0;
  }

  int show(const std::string& what) const {
    const auto answer = client_.call("GET", what);
    if (const int code = judge(answer); code != 0) return code;
    fmt::print("{}\n", json_ ? answer->body.dump() : table_of(what, answer->body));
    return 0;
  }

  int add() const {
    Json rule = Json::object();
    Json fault{{"type", options_.keys.front()}};
    for (std::size_t i = 1; i < options_.keys.size(); ++i) {
      const auto& pair = options_.keys[i];
      const auto equals = pair.find('=');
      if (equals == std::string::npos) {
        fmt::print(stderr, "error: \"{}\" is no key=value (e.g. delay=300ms)\n", pair);
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
      fmt::print(stderr, "error: a flow is its listener and its number, e.g. chat#3\n");
      return kBadInput;
    }
    return ask("DELETE",
               "flows/" + proxy::escaped(options_.name.substr(0, hash)) + "/" +
                   proxy::escaped(options_.name.substr(hash + 1)),
               "cut");
  }

  int watch() const {
    const auto done = client_.follow([&](const std::string& line) {
      fmt::print("{}\n", json_ ? line : event_line(Json::parse(line, nullptr, false)));
      return std::fflush(stdout) == 0;
    });
    if (done) return 0;
    fmt::print(stderr, "error: {}\n", describe(done.error()));
    return kFailed;
  }

  // Until it is interrupted; once, for a program.
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
        fmt::print("{}\n", now.dump());
        return 0;
      }
      // Home, and what is left of the screen before away.
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
  return Ctl(options, std::move(*client)).run();
}

}  // namespace brownout::cli
