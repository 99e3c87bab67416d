#include "proxy/observe/touched.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "proxy/observe/wall_time.h"
#include "rules/engine/describe.h"

namespace brownout::proxy {
namespace {

constexpr std::string_view kCut = "...";

void add_numbers(nlohmann::ordered_json& json, const Touched& touched, TouchedForm form) {
  if (!touched.direction.empty()) json["direction"] = touched.direction;
  json["action"] = touched.action;
  if (touched.delay != rules::Duration::zero()) {
    json["delay_ms"] = std::chrono::duration<double, std::milli>(touched.delay).count();
  }
  if (touched.bytes != 0) json["bytes"] = touched.bytes;
  json["ordinal"] = touched.ordinal;
  if (touched.probability.parts_per_billion != rules::Ratio::kOne) {
    json["probability"] = to_text(touched.probability);
  }
  if (touched.draw) json["draw"] = *touched.draw;
  if (form == TouchedForm::kWhole) json["times"] = touched.times;
}

}  // namespace

void Properties::clear() {
  bytes_.clear();
  ends_.clear();
}

void Properties::add(std::string_view name, std::string_view value) {
  const auto room = std::min(limits_.longest, limits_.most - bytes_.size());
  const bool whole = value.size() <= room;
  if (!whole && room < kCut.size()) return;
  bytes_ += value.substr(0, whole ? value.size() : room - kCut.size());
  if (!whole) bytes_ += kCut;
  ends_.emplace_back(name, bytes_.size());
}

std::string_view Properties::find(std::string_view name) const {
  std::string_view found;
  bool done = false;
  for_each([&](std::string_view known, std::string_view value) {
    if (!done && known == name) found = value;
    done = done || known == name;
  });
  return found;
}

void Touched::set_flow(const rules::FlowFacts& facts) {
  micros = wall_micros();
  flow = facts.ordinal;
  request = facts.http != nullptr ? facts.message : 0;
  const bool answered = facts.http != nullptr && facts.http->response;
  status = answered ? facts.http->response->status : 0;
  client = facts.client;
  client_port = facts.client_port;
  destination = facts.destination;
  destination_port = facts.destination_port;
  times = 1;
  properties.clear();
  properties.add("listener", facts.listener);
}

void Touched::set(const rules::FlowFacts& facts, const rules::Rule& rule, std::string_view towards,
                  const rules::Note& note) {
  set_flow(facts);
  seed = rule.seed;
  fault = rule.kind->name;
  action = note.action;
  direction = towards;
  delay = note.delay;
  bytes = note.bytes;
  ordinal = note.ordinal;
  probability = rule.probability;
  draw = note.draw;
  if (note.status != 0) status = note.status;
  properties.add("rule", rule.name);
  rules::describe(facts, note.message, [this](std::string_view name, std::string_view value) {
    properties.add(name, value);
  });
}

void Touched::set(const rules::FlowFacts& facts, std::string_view event, std::string_view why) {
  set_flow(facts);
  fault = {};
  properties.add("event", event);
  properties.add("why", why);
  rules::describe(facts, nullptr, [this](std::string_view name, std::string_view value) {
    properties.add(name, value);
  });
}

nlohmann::ordered_json json_of(const Touched& touched, TouchedForm form) {
  nlohmann::ordered_json json{{"time", wall_time(touched.micros)}};
  if (!touched.fault.empty()) {
    json["seed"] = touched.seed;
    json["rule"] = touched.properties.find("rule");
    json["fault"] = touched.fault;
  }
  json["listener"] = touched.properties.find("listener");
  json["flow"] = touched.flow;
  const bool whole = form == TouchedForm::kWhole;
  if (touched.client) {
    json["client"] =
        whole ? to_text(*touched.client, touched.client_port) : to_text(*touched.client);
  }
  if (whole && touched.destination) {
    json["destination"] = to_text(*touched.destination, touched.destination_port);
  }
  if (touched.request != 0) json["request"] = touched.request;
  touched.properties.for_each([&](std::string_view name, std::string_view value) {
    if (name != "listener" && name != "rule") json[std::string(name)] = value;
  });
  if (touched.status != 0) json["status"] = touched.status;
  if (!touched.fault.empty()) add_numbers(json, touched, form);
  return json;
}

}  // namespace brownout::proxy
