#include "proxy/control/api_views.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "proxy/formats/json_document.h"
#include "proxy/formats/json_text.h"
#include "rules/chance/dice.h"
#include "rules/engine/fault.h"

namespace brownout::proxy {
namespace {

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

struct RuleCounters {
  std::uint64_t matched = 0;
  std::uint64_t sampled = 0;
  std::uint64_t injected = 0;
  std::uint64_t early = 0;
  bool on = false;
  std::string status;

  void add(const rules::Rule& rule, bool halted) {
    matched += rule.state->matched.load();
    sampled += rule.state->sampled.load();
    injected += rule.state->injected.load();
    early += rule.state->early.load();
    const auto now = Loop::now();
    on = on || (!halted && rule.schedule.window(rule.began, now).contains(now));
    if (rule.state->shared) status += rule.state->shared->status();
  }
};

// A copy of the engine's counters by rule and by listener name. A request for a list of all tables
// copies them once, not for each table.
struct Seen {
  explicit Seen(const Engine& engine) {
    for (auto& status : engine.listeners()) listeners.emplace(status.name, status);
    for (const auto& rule : engine.rules().rules()) {
      rules[rule->name].add(*rule, engine.halted());
      // A preset "phones" expands to several rules, such as "phones/latency"; their counters are
      // also summed under the preset's name.
      const auto slash = rule->name.rfind('/');
      if (slash != std::string::npos)
        rules[rule->name.substr(0, slash)].add(*rule, engine.halted());
    }
  }
  std::unordered_map<std::string, Engine::ListenerStatus> listeners;
  std::unordered_map<std::string, RuleCounters> rules;
};

void add_counters(Json& view, const Seen& seen, const std::string& name) {
  const auto found = seen.rules.find(name);
  const auto counters = found == seen.rules.end() ? RuleCounters{} : found->second;
  view["on"] = counters.on;
  view["matched"] = counters.matched;
  view["sampled"] = counters.sampled;
  view["injected"] = counters.injected;
  if (counters.early > 0) view["came_back_early"] = counters.early;
  if (!counters.status.empty()) view["status"] = counters.status;
}

std::string_view text_of(ServerState state) {
  if (state == ServerState::kUnknown) return "unknown";
  return state == ServerState::kUp ? "up" : "down";
}

void add_servers(Json& view, const Engine& engine, const std::string& upstream) {
  for (const auto& [server, state] : engine.servers(upstream)) {
    view["servers"].push_back({{"address", rules::to_text(server)}, {"state", text_of(state)}});
  }
}

void add_traffic(Json& view, const Seen& seen, const std::string& name) {
  const auto found = seen.listeners.find(name);
  view["open"] = found != seen.listeners.end() && found->second.open;
  if (found == seen.listeners.end()) return;
  const auto& listener = found->second;
  const auto& stats = *listener.view->stats;
  view["address"] = rules::to_text(listener.bound);
  view["connections"] = {{"open", stats.open.load()},
                         {"total", stats.arrivals.load()},
                         {"refused", stats.refused.load()},
                         {"connect_failed", stats.connect_failed.load()}};
  view["bytes"] = {{"upstream", stats.bytes(rules::Direction::kUpstream)},
                   {"downstream", stats.bytes(rules::Direction::kDownstream)}};
  view["turns"] = stats.turns.load();
  std::uint64_t answered = 0;
  Json buckets = Json::array();
  for (std::size_t i = 0; i <= rules::SharedHistogram::kBounds.size(); ++i) {
    answered += stats.answered.count(i);
    buckets.push_back(stats.answered.count(i));
  }
  view["requests"] = {{"answered", answered},
                      {"failed", stats.failed.load()},
                      {"seconds", seconds(stats.answered.sum())},
                      {"buckets", buckets}};
}

Json view_of(const LiveConfig& live, const Seen& seen, std::string_view kind,
             const rules::Node& table) {
  const auto name = name_of(table);
  Json view{{"name", name},
            {"source", live.overlay().find(kind, name) != nullptr ? "api" : "file"},
            {"in_file", live.in_file(kind, name)},
            {"etag", etag_of(table)},
            {"definition", codecs::to_json(table)}};
  const auto lease = live.lease_of(kind, name);
  if (!lease.empty()) view["lease"] = lease;
  if (kind == "rule" || kind == "listener") {
    const auto* enabled = table.find("enabled");
    view["enabled"] = enabled == nullptr || !std::holds_alternative<bool>(enabled->value) ||
                      std::get<bool>(enabled->value);
  }
  if (kind == "rule" || kind == "firewall") add_counters(view, seen, name);
  if (kind == "listener") add_traffic(view, seen, name);
  if (kind == "upstream") add_servers(view, live.engine(), name);
  if (const auto found = seen.listeners.find(name);
      kind == "listener" && found != seen.listeners.end()) {
    add_servers(view, live.engine(), found->second.view->config.upstream);
  }
  return view;
}

}  // namespace

HttpResponse answer_json(int status, const Json& body) {
  return answer_json_text(status, codecs::json_text(body));
}

HttpResponse answer_json_text(int status, std::string text) {
  return {.status = status, .body = text + "\n", .headers = {{"Cache-Control", "no-store"}}};
}

HttpResponse problem(const Refusal& refusal, std::string_view kind, std::string_view name) {
  Json body{{"type", "about:blank"}, {"status", refusal.status}, {"title", refusal.what}};
  for (const auto& mistake : refusal.mistakes) {
    Json error{{"detail", mistake.what}, {"pointer", mistake.pointer}};
    if (!mistake.hint.empty()) error["hint"] = mistake.hint;
    if (!mistake.kind.empty() && (mistake.kind != kind || mistake.name != name)) {
      error["in"] = mistake.kind + " " + mistake.name;
    }
    body["errors"].push_back(std::move(error));
  }
  auto response = answer_json(refusal.status, body);
  response.type = "application/problem+json";
  return response;
}

std::string etag_of(const rules::Node& table) {
  return fmt::format("\"{:016x}\"", rules::key_of(canonical(table)));
}

Json view_of(const LiveConfig& live, std::string_view kind, const rules::Node& table) {
  return view_of(live, Seen(live.engine()), kind, table);
}

Json list_of(const LiveConfig& live, std::string_view kind) {
  const Seen seen(live.engine());
  Json all = Json::array();
  if (const auto* tables = live.document().find(kind); tables != nullptr && tables->array()) {
    for (const auto& table : *tables->array()) all.push_back(view_of(live, seen, kind, table));
  }
  for (const auto& listener : live.engine().listeners()) {
    if (kind != "listener" || !live.is_toxiproxys(listener.name)) continue;
    Json view{{"name", listener.name}, {"source", "toxiproxy"}, {"enabled", true}};
    view["definition"] = {{"name", listener.name},
                          {"listen", rules::to_text(listener.bound)},
                          {"upstream", listener.name}};
    add_traffic(view, seen, listener.name);
    add_servers(view, live.engine(), listener.name);
    all.push_back(std::move(view));
  }
  for (const auto& rule : live.engine().rules().rules()) {
    const auto& owner = rule->match.listener;
    if (kind != "rule" || owner.size() != 1 || !live.is_toxiproxys(owner.front())) continue;
    Json view{{"name", rule->name}, {"source", "toxiproxy"}, {"enabled", true}};
    view["definition"] = {{"name", rule->name},
                          {"match", {{"listener", owner}}},
                          {"fault", {{"type", rule->kind->name}}}};
    add_counters(view, seen, rule->name);
    all.push_back(std::move(view));
  }
  return all;
}

std::string text_of(const FlowStatus& flow) {
  const auto in_quotes = [](const std::string& text) { return codecs::json_text(Json(text)); };
  std::string rules;
  for (const auto& rule : flow.rules) rules += (rules.empty() ? "" : ",") + in_quotes(rule);
  return fmt::format(
      R"({{"listener":{},"flow":{},"client":{},"destination":{},"age_seconds":{:.6f},)"
      R"("rules":[{}],"bytes":{{"upstream":{},"downstream":{}}},)"
      R"("held":{{"upstream":{},"downstream":{}}}}})",
      in_quotes(flow.listener), flow.ordinal, in_quotes(flow.client), in_quotes(flow.destination),
      seconds(Loop::now() - flow.opened), rules, flow.bytes[0], flow.bytes[1], flow.held[0],
      flow.held[1]);
}

Json status_of(const LiveConfig& live, Instant started) {
  const auto& engine = live.engine();
  Json leases = Json::array();
  for (const auto& [id, lease] : live.leases()) {
    leases.push_back({{"id", id},
                      {"remaining_seconds", seconds(lease.until - Loop::now())},
                      {"changes", lease.undo.size()}});
  }
  Json differs = Json::array();
  for (const auto& change : live.overlay().changes()) {
    const auto* how = !change.table                            ? "deleted"
                      : live.in_file(change.kind, change.name) ? "changed"
                                                               : "added";
    differs.push_back({{"kind", change.kind}, {"name", change.name}, {"how", how}});
  }
  Json status{{"halted", engine.halted()},
              {"seed", engine.seed()},
              {"uptime_seconds", seconds(Loop::now() - started)},
              {"listeners", engine.listener_count()},
              {"rules", engine.rules().rules().size()},
              {"flows", engine.open_flows()},
              {"injected", engine.injected()},
              {"turns", engine.turns()},
              {"bytes",
               {{"upstream", engine.bytes(rules::Direction::kUpstream)},
                {"downstream", engine.bytes(rules::Direction::kDownstream)}}},
              {"leases", leases},
              {"differs_from_file", differs}};
  if (!live.file_problem().empty()) status["file_not_loaded"] = live.file_problem();
  if (const auto saved = live.saved()) status["state_saved"] = *saved;
  return status;
}

Json faults_view() {
  Json all = Json::array();
  for (const auto* kind : rules::all_faults()) {
    Json keys = Json::array();
    for (const auto& field : kind->fields()) {
      keys.push_back({{"name", field.name},
                      {"type", field.type},
                      {"range", field.range},
                      {"default", field.default_text},
                      {"meaning", field.meaning}});
    }
    all.push_back({{"type", kind->name},
                   {"summary", kind->summary},
                   {"acts_on", rules::carriers_text(*kind)},
                   {"keys", keys}});
  }
  return all;
}

}  // namespace brownout::proxy
