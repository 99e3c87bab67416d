#include "proxy/control/native_api.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "proxy/control/api_views.h"
#include "proxy/control/preview.h"
#include "proxy/formats/json_document.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/url.h"
#include "rules/base/terminal_text.h"
#include "rules/base/units.h"
#include "rules/base/whole_number.h"
#include "rules/language/complete_names.h"

namespace brownout::proxy {
namespace {

using rules::Node;

constexpr std::size_t kMostFlows = 10000;
constexpr Duration kLongestLease = std::chrono::hours(24);
constexpr std::size_t kMostLeases = 1000;
constexpr std::size_t kLongestLeaseId = 200;

HttpResponse refuse(int status, std::string what) {
  return problem({.status = status, .what = std::move(what)});
}
HttpResponse no_such(const NativeApi::Call& call) {
  return refuse(404, "there is no " + call.kind + " \"" + call.path.front() + "\": GET /api/v1/" +
                         call.kind + "s lists all");
}
HttpResponse no_such_flow(const NativeApi::Call& call) {
  return refuse(404, "no flow " + call.path[0] + "#" + call.path[1] +
                         " is open: GET /api/v1/flows lists the open ones");
}

// Returns the value of a request header, or "" if it is absent.
std::string header(const HttpServer::Request& request, std::string_view name) {
  const auto* value = request.head.find(name);
  return value != nullptr ? *value : "";
}

// Returns the name that the table has, or the name that the loader would generate for it.
std::string name_for(const Node& document, std::string_view kind, const Node& table) {
  if (table.table() == nullptr || !name_of(table).empty()) return name_of(table);
  Overlay overlay;
  overlay.set({std::string(kind), "", table});
  auto whole = overlay.over(document);
  rules::complete_names(whole);
  return name_of(whole.find(kind)->array()->back());
}

}  // namespace

HttpResponse NativeApi::status(const Call&) {
  auto status = status_of(live_, started_);
  if (director_ != nullptr) status["rehearsal"] = director_->course();
  return answer_json(200, status);
}

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
  return refuse(
      412, call.kind + " \"" + call.path.front() +
               "\" has changed since the ETag in If-Match: GET it again, and send its new ETag");
}

HttpResponse NativeApi::change(const Call& call, std::string name, std::optional<Node> table,
                               std::string_view how, int status) {
  const bool deleted = !table;
  const auto done =
      live_.change({call.kind, name, std::move(table)}, header(call.request, "brownout-lease"));
  if (!done) return problem(done.error(), call.kind, name);
  spdlog::info("API: {} {} {}", call.kind, rules::printable(name), how);
  stream_.tell(
      codecs::json_text(Json{{"event", deleted ? "deleted" : "changed"}, {call.kind, name}}));
  if (deleted) return {.status = 204, .body = ""};
  return answer(call, name, status);
}

HttpResponse NativeApi::add(const Call& call) {
  auto table = codecs::parse_json(call.request.body);
  if (!table) return refuse(400, table.error().what);
  const auto name = name_for(live_.document(), call.kind, *table);
  const bool names_itself = call.kind == "rule" || call.kind == "listener";
  if (name.empty() && !names_itself)
    return refuse(422, "the new " + call.kind + " needs a name: add the member \"name\"");
  if (find_table(live_.document(), call.kind, name) != nullptr) {
    return refuse(409, "there is a " + call.kind + " \"" + name + "\" already: PUT replaces it");
  }
  if (!name.empty()) set_key(*table, "name", {name});
  return change(call, name, std::move(*table), "added", 201);
}

HttpResponse NativeApi::put(const Call& call) {
  auto table = codecs::parse_json(call.request.body);
  if (!table) return refuse(400, table.error().what);
  const auto& name = call.path.front();
  const auto* old = find_table(live_.document(), call.kind, name);
  if (old != nullptr) {
    if (auto no = outdated(call, *old)) return std::move(*no);
  } else if (!header(call.request, "if-match").empty()) {
    return refuse(412, "there is no " + call.kind + " \"" + name +
                           "\" to replace: leave out If-Match to add it");
  }
  if (!name_of(*table).empty() && name_of(*table) != name) {
    return refuse(
        422, "the URL has the name \"" + name +
                 "\", but the body has another name: leave out the body's name, or POST a new " +
                 call.kind);
  }
  set_key(*table, "name", {name});
  return change(call, name, std::move(*table), old != nullptr ? "replaced" : "added",
                old != nullptr ? 200 : 201);
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
  if (name_of(table) != name)
    return refuse(422, "a change cannot rename the " + call.kind + " \"" + name +
                           "\": DELETE it, and add one with the new name");
  return change(call, name, std::move(table), "changed", 200);
}

HttpResponse NativeApi::remove(const Call& call) {
  const auto* old = find_table(live_.document(), call.kind, call.path.front());
  if (old == nullptr) return no_such(call);
  if (auto no = outdated(call, *old)) return std::move(*no);
  return change(call, call.path.front(), std::nullopt, "deleted", 204);
}

HttpResponse NativeApi::switch_to(const Call& call, bool on) {
  const auto* old = find_table(live_.document(), call.kind, call.path.front());
  if (old == nullptr) return no_such(call);
  if (auto no = outdated(call, *old)) return std::move(*no);
  auto table = *old;
  set_key(table, "enabled", {on});
  return change(call, call.path.front(), std::move(table), on ? "enabled" : "disabled", 200);
}

HttpResponse NativeApi::reset(const Call& call) {
  const auto& name = call.path.front();
  const auto* old = find_table(live_.document(), call.kind, name);
  if (old == nullptr && live_.overlay().find(call.kind, name) == nullptr) return no_such(call);
  if (old != nullptr) {
    if (auto no = outdated(call, *old)) return std::move(*no);
  }
  const auto done = live_.reset(call.kind, name, header(call.request, "brownout-lease"));
  if (!done) return problem(done.error(), call.kind, name);
  spdlog::info("API: restored the rule file's version of {} {}", call.kind, rules::printable(name));
  stream_.tell(codecs::json_text(Json{{"event", "reset"}, {call.kind, name}}));
  if (find_table(live_.document(), call.kind, name) == nullptr) return {.status = 204, .body = ""};
  return answer(call, name, 200);
}

HttpResponse NativeApi::recount(const Call& call) {
  const auto& name = call.path.front();
  bool found = false;
  for (const auto& rule : live_.engine().rules().rules()) {
    // Also matches the rules of a preset: "slow" expands to rules such as "slow/latency".
    if (rule->name != name && !rule->name.starts_with(name + "/")) continue;
    rule->state->arrivals.reset();
    found = true;
  }
  if (!found)
    return refuse(404, "there is no active rule \"" + name +
                           "\" whose count could be restarted: GET /api/v1/rules lists the rules");
  spdlog::info("API: rule {} counts its matches from 1 again", rules::printable(name));
  stream_.tell(codecs::json_text(Json{{"event", "recounted"}, {"rule", name}}));
  return {.status = 204, .body = ""};
}

HttpResponse NativeApi::reset_all(const Call& call) {
  const auto changed = names_in(live_.overlay());
  const auto done = live_.reset(header(call.request, "brownout-lease"));
  if (!done) return problem(done.error());
  if (!changed.empty()) {
    spdlog::info("API: restored the rule file's version of {}", rules::printable(changed));
    stream_.tell(codecs::json_text(Json{{"event", "reset"}, {"what", changed}}));
  }
  return status(call);
}

HttpResponse NativeApi::enable(const Call& call) { return switch_to(call, true); }
HttpResponse NativeApi::disable(const Call& call) { return switch_to(call, false); }

HttpResponse NativeApi::flows(const Call& call) {
  auto given = parse_query(call.request.query);
  FlowQuery query{.listener = given["listener"], .client = given["client"], .most = kMostFlows};
  if (given.contains("limit")) {
    const auto limit = rules::parse_whole_number(given["limit"], kMostFlows);
    if (!limit) return refuse(400, "the parameter limit must be a number from 0 to 10000");
    query.most = *limit;
  }
  const auto found = live_.engine().list(std::move(query));
  std::string all;
  for (const auto& flow : found.flows) all += (all.empty() ? "" : ",") + text_of(flow);
  return answer_json_text(200, fmt::format(R"({{"total":{},"flows":[{}]}})", found.total, all));
}

HttpResponse NativeApi::flow(const Call& call) {
  const auto ordinal = rules::parse_whole_number(call.path[1], UINT64_MAX);
  const auto found =
      ordinal ? live_.engine().list({.listener = call.path[0], .ordinal = *ordinal}) : FlowList();
  for (const auto& flow : found.flows) {
    if (flow.listener == call.path[0]) return answer_json_text(200, text_of(flow));
  }
  return no_such_flow(call);
}

HttpResponse NativeApi::cut(const Call& call) {
  const auto ordinal = rules::parse_whole_number(call.path[1], UINT64_MAX);
  if (ordinal && live_.engine().cut(call.path[0], *ordinal)) return {.status = 204, .body = ""};
  return no_such_flow(call);
}

HttpResponse NativeApi::history(const Call& call) {
  auto given = parse_query(call.request.query);
  const auto after = rules::parse_whole_number(given["after"], UINT64_MAX);
  if (given.contains("after") && !after)
    return refuse(400, "the parameter after must be a number: the `last` of an earlier answer");
  auto json = history_.after(after ? *after : 0);
  json["events"] = Json::array();
  for (const auto& event : stream_.kept())
    json["events"].push_back(Json::parse(event, nullptr, false));
  return answer_json(200, json);
}

HttpResponse NativeApi::preview(const Call& call) {
  auto rule = codecs::parse_json(call.request.body);
  if (!rule) return refuse(400, rule.error().what);
  auto name = name_for(live_.document(), "rule", *rule);
  set_key(*rule, "name", {name});
  const auto preview = preview_of(live_, name, std::move(*rule));
  if (!preview) return problem(preview.error(), "rule", name);
  return answer_json(200, *preview);
}

HttpResponse NativeApi::halt(const Call& call) {
  if (director_ != nullptr) {
    director_->halt();
  } else {
    live_.engine().halt();
  }
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
                    .what = "nothing was changed, because the request has errors",
                    .mistakes = {{"", "", "/ttl", "a duration up to 24h is needed",
                                  R"(e.g. {"ttl": "30s"})"}}});
  }
  const auto wanted = id != nullptr && id->string() != nullptr ? *id->string() : std::string();
  if (wanted.size() > kLongestLeaseId)
    return refuse(422, "the id of a lease has at most 200 bytes: send a shorter one");
  if (live_.leases().size() >= kMostLeases && !live_.leases().contains(wanted)) {
    return refuse(409, "there are 1000 leases already: end some, or let them lapse");
  }
  const auto taken = live_.take_lease(wanted, *time);
  return answer_json(
      200, {{"id", taken}, {"ttl", rules::to_text(*time)}, {"header", "Brownout-Lease: " + taken}});
}

HttpResponse NativeApi::end_lease(const Call& call) {
  if (live_.end_lease(call.path.front())) return {.status = 204, .body = ""};
  return refuse(404, "there is no lease " + call.path.front() +
                         ": GET /api/v1/lease lists those that have not lapsed");
}

HttpResponse NativeApi::events(const Call&) {
  return {.body = ": events follow\n\n",
          .type = "text/event-stream",
          .headers = {{"Cache-Control", "no-store"}},
          .feed = stream_.follow()};
}

}  // namespace brownout::proxy
