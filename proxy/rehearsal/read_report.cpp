#include "proxy/rehearsal/read_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace brownout::rehearsal {
namespace {

using nlohmann::json;

// Reads the members of one JSON object, and keeps the first error.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  std::string text(const char* name) {
    const auto* value = find(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrong(name, "text"), std::string();
    return value->get<std::string>();
  }
  bool truth(const char* name, bool otherwise) {
    const auto* value = find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) return wrong(name, "true or false"), otherwise;
    return value->get<bool>();
  }
  std::optional<double> number(const char* name) {
    const auto* value = find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_number()) return wrong(name, "a number"), std::nullopt;
    return value->get<double>();
  }
  std::uint64_t natural(const char* name) {
    const auto* value = find(name);
    if (value == nullptr) return 0;
    const bool fits = value->is_number_unsigned() ||
                      (value->is_number_integer() && value->get<std::int64_t>() >= 0);
    if (!fits) return wrong(name, "a whole number"), 0U;
    return value->get<std::uint64_t>();
  }
  const std::string& problem() const { return problem_; }

 private:
  const json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  void wrong(const char* name, const char* wanted) {
    if (problem_.empty()) problem_ = rules::in_quotes(name) + " is not " + wanted;
  }

  const json& object_;
  std::string problem_;
};

tl::unexpected<rules::Error> no_report(const std::string& why) {
  return rules::config_error("the file is not the report of a rehearsal: " + why,
                             "give a report.json written by `brownout rehearse`");
}

std::optional<rules::Metric> metric_of(std::string_view name) {
  for (const auto& [text, metric] : rules::EnumNames<rules::Metric>::kValues) {
    if (text == name) return metric;
  }
  return std::nullopt;
}

}  // namespace

rules::Result<ReadReport> read_report(const json& value) {
  if (!value.is_object()) return no_report("it is not a JSON object");
  Members members(value);
  const auto format = members.text("format");
  if (format != kReportFormat) return no_report("the value of \"format\" is unknown");
  ReadReport report;
  report.scenario = members.text("scenario");
  report.started = members.text("started");
  report.path = members.text("path");
  report.file = members.text("file");
  report.seed = members.natural("seed");
  report.time_scale = members.number("time_scale").value_or(1);
  report.circumstances.embedded = members.text("embedded");
  report.circumstances.virtual_time = members.truth("virtual_time", false);
  if (!members.problem().empty()) return no_report(members.problem());
  const auto& embedded = report.circumstances.embedded;
  if (!embedded.empty() && embedded != "well" && embedded != "badly") {
    return no_report("\"embedded\" is neither \"well\" nor \"badly\"");
  }
  const auto list = value.find("expectations");
  if (list == value.end() || !list->is_array()) return no_report("it has no list of expectations");
  for (const auto& item : *list) {
    if (!item.is_object()) return no_report("an expectation is not an object");
    Members expectation(item);
    report.expectations.push_back({.name = expectation.text("name"),
                                   .wanted = expectation.text("wanted"),
                                   .metric = metric_of(expectation.text("metric")),
                                   .more_is_better = expectation.truth("more_is_better", false),
                                   .met = expectation.truth("met", false),
                                   .measured = expectation.truth("measured", true),
                                   .value = expectation.number("value"),
                                   .of = expectation.number("of")});
    if (!expectation.problem().empty())
      return no_report("in an expectation, " + expectation.problem());
  }
  return report;
}

rules::Result<ReadReport> parse_report(std::string_view text) {
  return read_report(json::parse(text, nullptr, false));
}

}  // namespace brownout::rehearsal
