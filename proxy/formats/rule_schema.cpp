#include "proxy/formats/rule_schema.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/firewall/firewall.h"
#include "rules/language/config.h"
#include "rules/language/load_toml.h"
#include "rules/language/presets.h"
#include "rules/message/message_protocol.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::codecs {
namespace {

using OrderedJson = nlohmann::ordered_json;
using rules::FieldInfo;

constexpr std::string_view kDurationPattern = "^ *[0-9.]+ *(ns|us|µs|ms|s|m|h)";
constexpr std::string_view kQuantityPattern = "^ *[0-9]";

OrderedJson text_like(std::string_view pattern) {
  return {{"type", "string"}, {"pattern", pattern}};
}

// Returns the JSON Schema for a type of keys (FieldInfo), if all values of the type have one
// notation. Returns nothing otherwise: the schema then accepts every text and number.
std::optional<OrderedJson> simple_type(std::string_view type) {
  if (type == "true | false") return OrderedJson{{"type", "boolean"}};
  if (type == "whole number") return OrderedJson{{"type", "integer"}};
  if (type == "number") return OrderedJson{{"type", "number"}};
  if (type == "duration") return text_like(kDurationPattern);
  if (type == "rate" || type == "size" || type == "frequency" || type == "multiple") {
    return text_like(kQuantityPattern);
  }
  if (type == "percentage") {
    return OrderedJson{
        {"anyOf", OrderedJson::array({text_like("^ *[0-9.]+ *%"),
                                      {{"type", "number"}, {"minimum", 0}, {"maximum", 1}}})}};
  }
  if (type == "list of tables")
    return OrderedJson{{"type", "array"}, {"items", {{"type", "object"}}}};
  if (type == "table, or list of them")
    return OrderedJson{{"type", OrderedJson::array({"object", "array"})}};
  if (type == "pattern, list of patterns, or table of patterns")
    return OrderedJson{{"type", OrderedJson::array({"string", "array", "object"})}};
  if (type == "status, or table of statuses and weights")
    return OrderedJson{{"type", OrderedJson::array({"integer", "object"})}};
  if (type == "JSON as a text, or table")
    return OrderedJson{{"type", OrderedJson::array({"string", "object"})}};
  if (type == "list of names and indexes") return OrderedJson{{"type", "array"}};
  if (type.starts_with("table")) return OrderedJson{{"type", "object"}};
  for (const std::string_view text :
       {"text", "path of a file", "pattern", "prefix", "address", "name pattern", "subject",
        "topic filter", "command", "regular expression", "JSON pointer", "SQLSTATE",
        "SQLSTATE or its class"}) {
    if (type == text) return OrderedJson{{"type", "string"}};
  }
  return std::nullopt;
}

// Returns the values of a type that is a list of values, such as `"fin" | "rst"` or `0 | 1 | 2`.
// Nothing for other types.
std::optional<OrderedJson> listed_values(std::string_view type) {
  if (!type.starts_with('"') && !type.starts_with('0')) return std::nullopt;
  OrderedJson values = OrderedJson::array();
  while (!type.empty()) {
    const auto end = type.find(" | ");
    const auto value = type.substr(0, end);
    type = end == std::string_view::npos ? "" : type.substr(end + 3);
    // Values in the name of a type are written as JSON.
    auto parsed = OrderedJson::parse(value, nullptr, false);
    if (parsed.is_discarded()) return std::nullopt;
    values.push_back(std::move(parsed));
  }
  return OrderedJson{{"enum", std::move(values)}};
}

std::optional<std::int64_t> number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  const auto digits = text.substr(at + word.size());
  std::int64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return read.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

OrderedJson schema_of_type(std::string_view type, std::string_view range) {
  constexpr std::string_view kList = "list of: ";
  if (type.starts_with(kList)) {
    const auto element = schema_of_type(type.substr(kList.size()), range);
    OrderedJson list{{"type", "array"}, {"items", element}, {"minItems", 1}};
    return {{"anyOf", OrderedJson::array({element, std::move(list)})}};
  }
  if (auto values = listed_values(type)) return *values;
  auto schema = simple_type(type);
  if (!schema) return {{"type", OrderedJson::array({"string", "number"})}};
  if (type != "whole number") return *schema;
  auto least = number_after(range, "from ");
  if (!least) least = number_after(range, "at least ");
  auto most = number_after(range, " to ");
  if (!most) most = number_after(range, "at most ");
  if (least) (*schema)["minimum"] = *least;
  if (most) (*schema)["maximum"] = *most;
  return *schema;
}

// Pairs of a key and the schema of its value. The value is a table with its own keys, or a list of
// such tables.
using Nested = std::vector<std::pair<std::string_view, OrderedJson>>;

OrderedJson table_of(const std::vector<FieldInfo>& fields, const Nested& nested = {}) {
  OrderedJson properties = OrderedJson::object();
  OrderedJson required = OrderedJson::array();
  for (const auto& field : fields) {
    auto schema = schema_of_type(field.type, field.range);
    for (const auto& [key, value] : nested) {
      if (key == field.name) schema = value;
    }
    auto about = field.meaning;
    if (field.default_text == "required") {
      required.push_back(field.name);
    } else if (field.default_text != "none") {
      about += " (default: " + field.default_text + ")";
    }
    schema["description"] = std::move(about);
    properties[field.name] = std::move(schema);
  }
  OrderedJson table{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) table["required"] = std::move(required);
  return table;
}

OrderedJson list_of(OrderedJson table) { return {{"type", "array"}, {"items", std::move(table)}}; }

// Returns the schema of `fault`, whose `type` decides which other keys it may have.
OrderedJson fault_schema() {
  OrderedJson names = OrderedJson::array();
  OrderedJson kinds = OrderedJson::array();
  for (const auto* kind : rules::all_faults()) {
    const auto name = std::string(kind->name);
    names.push_back({{"const", name}, {"description", std::string(kind->summary)}});
    auto table = table_of(kind->fields());
    table["properties"]["type"] = {{"const", name}};
    kinds.push_back(
        {{"if", {{"properties", {{"type", {{"const", name}}}}}, {"required", {"type"}}}},
         {"then", std::move(table)}});
  }
  return {{"type", "object"},
          {"properties", {{"type", {{"oneOf", std::move(names)}}}}},
          {"required", {"type"}},
          {"allOf", std::move(kinds)}};
}

// The place of shared schemas in a document: "#/$defs/" in JSON Schema.
OrderedJson reference(std::string_view place, std::string_view name) {
  return {{"$ref", std::string(place) + std::string(name)}};
}

OrderedJson match_schema(std::string_view place) {
  const auto match = reference(place, "Match");
  const OrderedJson except{{"anyOf", OrderedJson::array({match, list_of(match)})}};
  return table_of(rules::match_schema().fields(), {{"not", except}});
}

OrderedJson rule_schema(std::string_view place) {
  OrderedJson presets = OrderedJson::array();
  for (const auto name : rules::preset_names()) presets.push_back(std::string(name));
  return table_of(rules::rule_fields(), {{"match", reference(place, "Match")},
                                         {"fault", reference(place, "Fault")},
                                         {"preset", {{"enum", std::move(presets)}}}});
}

OrderedJson listener_schema() {
  // Does not require `name`, since a listener without a name gets one.
  const OrderedJson address{{"type", "string"}};
  OrderedJson addresses{{"type", "array"}, {"items", address}, {"minItems", 1}};
  return table_of(rules::listener_schema().fields(),
                  {{"tls", table_of(rules::tls_server_schema().fields())},
                   {"framing", table_of(rules::framing_schema().fields())},
                   {"upstream", {{"anyOf", OrderedJson::array({address, std::move(addresses)})}}}});
}

OrderedJson upstream_schema() {
  return table_of(rules::upstream_schema().fields(),
                  {{"tls", table_of(rules::tls_client_schema().fields())}});
}

OrderedJson firewall_schema() {
  return table_of(rules::firewall_schema().fields(),
                  {{"rules", list_of(table_of(rules::firewall_line_schema().fields()))}});
}

// Returns the schema of [[probe]]. A key that only some kinds of probes have is required only for
// these kinds.
OrderedJson probe_schema() {
  auto table = table_of(rules::probe_fields());
  for (const auto* protocol : rules::message_protocols()) {
    for (const auto& key : protocol->user_keys()) {
      auto& required = table["required"];
      for (std::size_t i = required.size(); i-- > 0;) {
        if (required[i] == key.info.name) required.erase(i);
      }
    }
  }
  return table;
}

}  // namespace

std::string rule_file_schema() {
  constexpr std::string_view kPlace = "#/$defs/";
  auto schema = table_of(rules::document_fields(),
                         {{"listener", list_of(listener_schema())},
                          {"upstream", list_of(upstream_schema())},
                          {"zone", list_of(table_of(rules::zone_schema().fields()))},
                          {"firewall", list_of(firewall_schema())},
                          {"rule", list_of(rule_schema(kPlace))},
                          {"scenario", table_of(rules::scenario_fields(),
                                                {{"stop_if", table_of(rules::stop_fields())}})},
                          {"phase", list_of(table_of(rules::phase_fields()))},
                          {"probe", list_of(probe_schema())},
                          {"expect", list_of(table_of(rules::expect_fields()))},
                          {"region", list_of(table_of(rules::region_fields()))},
                          {"sector", list_of(table_of(rules::sector_fields()))},
                          {"webhook", list_of(table_of(rules::webhook_fields()))}});
  // A rule file for `brownout exec` needs no listener.
  schema.erase("required");
  OrderedJson whole{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"title", "Brownout rule file"}};
  whole.update(schema);
  whole["$defs"] = {{"Match", match_schema(kPlace)}, {"Fault", fault_schema()}};
  return whole.dump(2) + "\n";
}

std::string table_schemas(std::string_view place) {
  const OrderedJson schemas{
      {"Rule", rule_schema(place)},    {"Listener", listener_schema()},
      {"Upstream", upstream_schema()}, {"Zone", table_of(rules::zone_schema().fields())},
      {"Firewall", firewall_schema()}, {"Match", match_schema(place)},
      {"Fault", fault_schema()}};
  return schemas.dump();
}

}  // namespace brownout::codecs
