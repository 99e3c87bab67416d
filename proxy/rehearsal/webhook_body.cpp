#include "proxy/rehearsal/webhook_body.h"

#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"

namespace brownout::rehearsal {
namespace {

using nlohmann::json;

std::string with_replaced(std::string text, std::string_view from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// Escapes the three characters that have a meaning in Slack's text (docs.slack.dev, "Escaping
// text").
std::string slack_safe(std::string text) {
  text = with_replaced(std::move(text), "&", "&amp;");
  text = with_replaced(std::move(text), "<", "&lt;");
  return with_replaced(std::move(text), ">", "&gt;");
}

std::string member(const json& event, const char* name) {
  const auto found = event.find(name);
  if (found == event.end()) return {};
  return slack_safe(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string slack_text(const json& event) {
  const auto kind = member(event, "event");
  const auto name = "*" + member(event, "rehearsal") + "*";
  if (kind == "begin") {
    return name + " begins: " + member(event, "phases") + " phases in " + member(event, "length") +
           ", seed " + member(event, "seed");
  }
  if (kind == "phase") return name + ": phase " + member(event, "phase");
  if (kind == "expectation") {
    const bool met = event.value("met", false);
    const auto* word = met ? "met" : event.value("measured", true) ? "NOT MET" : "NOT MEASURED";
    return name + ": " + word + ": " + member(event, "name") + " (" + member(event, "evidence") +
           ")";
  }
  const auto report = event.value("report", std::string());
  if (report.empty()) return member(event, "sentence");
  const bool link = report.find("://") != std::string::npos;
  return member(event, "sentence") + (link ? " <" + report + "|Report>" : " Report: " + report);
}

}  // namespace

std::string webhook_body(const rules::Webhook& hook, const json& event) {
  auto told = event;
  // If the webhook has a `report` URL, sends it instead of the path of the report, since the
  // receiver usually cannot read this machine's disk.
  if (told.contains("run")) {
    const auto run = told["run"].get<std::string>();
    if (!hook.report.empty()) told["report"] = with_replaced(hook.report, "{run}", run);
    told.erase("run");
  }
  if (hook.format == rules::WebhookFormat::kSlack) {
    return codecs::json_text(json{{"text", slack_text(told)}});
  }
  return codecs::json_text(told);
}

}  // namespace brownout::rehearsal
