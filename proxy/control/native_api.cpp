#include "proxy/control/native_api.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "proxy/codecs/json_document.h"
#include "proxy/control/api_views.h"
#include "proxy/control/url.h"
#include "rules/rule_names.h"
#include "rules/units.h"

namespace brownout::proxy {
namespace {

using rules::Node;

constexpr std::size_t kMostFlows = 10000;
constexpr Duration kLongestLease = std::chrono::hours(24);

HttpResponse refuse(int status, std::string what) {
  return problem({.status = status, .what = std::move(what)});
}
HttpResponse no_such(const NativeApi::Call& call) {
  return refuse(404, "there is no " + call.kind + " \"" + call.path.front() + "\"");
}

// "" if it is not given.
std::string header(const HttpServer::Request& request, std::string_view name) {
  const auto* value = request.head.find(name);
  return value != nullptr ? *value : "";
}

// The name that the proxy would give to this rule, if it has none.
std::string name_for(const Node& document, std::string_view kind, const Node& table) {
  if (kind != "rule" || table.table() == nullptr || !name_of(table).empty()) return name_of(table);
  Overlay one;
  one.set({"rule", "", table});
  auto whole = one.over(document);
  rules::name_rules(whole);
  return name_of(whole.find("rule")->array()->back());
}

}  // namespace

HttpResponse NativeApi::status(const Call&) { return answer_json(200, status_of(live_, started_)); }

HttpResponse NativeApi::faults(const Call&) { return answer_json(200, faults_view()); }

HttpResponse NativeApi::list(const Call& call) {
  return answer_json(200, list_of(live_, call.kind));
}

HttpResponse NativeApi::answer(const Call& call, std::string_view name, int status) {
  const auto* table = find_table(live_.document(), call.kind, name);
  if (table == nullptr) return no_such(call);
  auto response = answer_json(status, view_of(live_, call.kind, *table));
  response.headers.push_back({"ETag", etag_of(*table)});
  return response;
}

HttpResponse NativeApi::show(const Call& call) { return answer(call, call.path.front(), 200); }

std::optional<HttpResponse> NativeApi::outdated(const Call& call, const Node& table) const {
  const auto wanted = header(call.request, "if-match");
  if (wanted.empty() || wanted == "*" || wanted.find(etag_of(table)) != std::string::npos) {
    return std::nullopt;
  }
  return refuse(412, "somebody else has changed it: get it again");
}

HttpResponse NativeApi::change(const Call& call, std::string name, std::optional<Node> table,
                               int status) {
  const bool deleted = !table;
  const auto done =
      live_.change({call.kind, name, std::move(table)}, header(call.request, "brownout-lease"));
  if (!done) return problem(done.error(), call.kind, name);
  spdlog::info("API: {} {} {}", call.kind, name, deleted ? "deleted" : "changed");
  stream_.tell(Json{{"event", deleted ? "deleted" : "changed"}, {call.kind, name}}.dump());
  if (deleted) return {.status = 204, .body = ""};
  return answer(call, name, status);
}

HttpResponse NativeApi::add(const Call& call) {
  auto table = codecs::parse_json(call.request.body);
  if (!table) return refuse(400, table.error().what);
  const auto name = name_for(live_.document(), call.kind, *table);
  if (name.empty() && call.kind != "rule") return refuse(422, "a name is needed");
  if (find_table(live_.document(), call.kind, name) != nullptr) {
    return refuse(409, "there is a " + call.kind + " \"" + name + "\" already: PUT replaces it");
  }
  if (!name.empty()) set_key(*table, "name", {name});
  return change(call, name, std::move(*table), 201);
}

HttpResponse NativeApi::put(const Call& call) {
  auto table = codecs::parse_json(call.request.body);
  if (!table) return refuse(400, table.error().what);
  const auto& name = call.path.front();
  const auto* old = find_table(live_.document(), call.kind, name);
  if (old != nullptr) {
    if (auto no = outdated(call, *old)) return std::move(*no);
  } else if (!header(call.request, "if-match").empty()) {
    return refuse(412, "there is no " + call.kind + " \"" + name + "\"");
  }
  if (!name_of(*table).empty() && name_of(*table) != name) {
    return refuse(422, "its name is \"" + name + "\" in the URL: it cannot be renamed");
  }
  set_key(*table, "name", {name});
  return change(call, name, std::move(*table), old != nullptr ? 200 : 201);
}

HttpResponse NativeApi::patch(const Call& call) {
  const auto& name = call.path.front();
  const auto* old = find_table(live_.document(), call.kind, name);
  if (old == nullptr) return no_such(call);
  if (auto no = outdated(call, *old)) return std::move(*no);
  const auto patch = codecs::parse_json(call.request.body);
  if (!patch) return refuse(400, patch.error().what);
  auto changed = codecs::to_json(*old);
  changed.merge_patch(codecs::to_json(*patch));
  auto table = codecs::to_node(changed);
  if (name_of(table) != name) return refuse(422, "it cannot be renamed");
  return change(call, name, std::move(table), 200);
}

HttpResponse NativeApi::remove(const Call& call) {
  const auto* old = find_table(live_.document(), call.kind, call.path.front());
  if (old == nullptr) return no_such(call);
  if (auto no = outdated(call, *old)) return std::move(*no);
  return change(call, call.path.front(), std::nullopt, 204);
}

HttpResponse NativeApi::switch_to(const Call& call, bool on) {
  const auto* old = find_table(live_.document(), call.kind, call.path.front());
  if (old == nullptr) return no_such(call);
  if (auto no = outdated(call, *old)) return std::move(*no);
  auto table = *old;
  set_key(table, "enabled", {on});
  return change(call, call.path.front(), std::move(table), 200);
}

HttpResponse NativeApi::enable(const Call& call) { return switch_to(call, true); }
HttpResponse NativeApi::disable(const Call& call) { return switch_to(call, false); }

HttpResponse NativeApi::flows(const Call& call) {
  const auto query = parse_query(call.request.query);
  const auto wanted = [&](const char* key, const std::string& value) {
    const auto found = query.find(key);
    return found == query.end() || value.starts_with(found->second);
  };
  std::string all;
  std::size_t total = 0;
  for (const auto& flow : live_.engine().flows()) {
    if (!wanted("listener", flow.listener) || !wanted("client", flow.client)) continue;
    if (++total > kMostFlows) continue;
    if (!all.empty()) all += ',';
    all += text_of(flow);
  }
  return answer_json_text(200, fmt::format(R"({{"total":{},"flows":[{}]}})", total, all));
}

HttpResponse NativeApi::flow(const Call& call) {
  for (const auto& flow : live_.engine().flows()) {
    if (flow.listener == call.path[0] && std::to_string(flow.ordinal) == call.path[1]) {
      return answer_json_text(200, text_of(flow));
    }
  }
  return refuse(404, "there is no flow " + call.path[0] + "#" + call.path[1] + " any more");
}

HttpResponse NativeApi::cut(const Call& call) {
  const auto ordinal = std::strtoull(call.path[1].c_str(), nullptr, 10);
  if (live_.engine().cut(call.path[0], ordinal)) return {.status = 204, .body = ""};
  return refuse(404, "there is no flow " + call.path[0] + "#" + call.path[1] + " any more");
}

HttpResponse NativeApi::halt(const Call& call) {
  live_.engine().halt();
  live_.engine().wait_for_workers();
  stream_.tell(R"({"event":"halted"})");
  return status(call);
}

HttpResponse NativeApi::resume(const Call& call) {
  live_.engine().resume();
  live_.engine().wait_for_workers();
  stream_.tell(R"({"event":"resumed"})");
  return status(call);
}

HttpResponse NativeApi::leases(const Call&) {
  return answer_json(200, status_of(live_, started_)["leases"]);
}

HttpResponse NativeApi::take_lease(const Call& call) {
  const auto body = codecs::parse_json(call.request.body);
  if (!body) return refuse(400, body.error().what);
  const auto* ttl = body->find("ttl");
  const auto* id = body->find("id");
  const auto time = rules::parse_duration(ttl != nullptr && ttl->string() ? *ttl->string() : "");
  if (!time || *time <= Duration::zero() || *time > kLongestLease) {
    return problem({.status = 422,
                    .what = "nothing was changed, since there are mistakes",
                    .mistakes = {{"", "", "/ttl", "a duration up to 24h is needed",
                                  R"(e.g. {"ttl": "30s"})"}}});
  }
  const auto taken =
      live_.take_lease(id != nullptr && id->string() != nullptr ? *id->string() : "", *time);
  return answer_json(
      200, {{"id", taken}, {"ttl", rules::to_text(*time)}, {"header", "Brownout-Lease: " + taken}});
}

HttpResponse NativeApi::end_lease(const Call& call) {
  if (live_.end_lease(call.path.front())) return {.status = 204, .body = ""};
  return refuse(404, "there is no lease " + call.path.front());
}

HttpResponse NativeApi::events(const Call&) {
  return {.body = ": events follow\n\n",
          .type = "text/event-stream",
          .headers = {{"Cache-Control", "no-store"}},
          .feed = stream_.follow()};
}

}  // namespace brownout::proxy
