#include "proxy/cli/complete_names.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "proxy/cli/api_client.h"
#include "proxy/loop/read_file.h"
#include "rules/engine/fault.h"
#include "rules/language/complete_names.h"
#include "rules/language/load_toml.h"

namespace brownout::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto kCompletionPatience = std::chrono::milliseconds(250);
constexpr std::size_t kMostNames = 1000;

std::string name_in(const Json& table, const std::string& what) {
  if (!table.is_object()) return {};
  const auto text = [&](const char* key) {
    const auto found = table.find(key);
    return found != table.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (what != "flows") return text("name");
  const auto number = table.find("flow");
  const bool known = number != table.end() && number->is_number_unsigned();
  return known ? text("listener") + "#" + number->dump() : std::string();
}

}  // namespace

Candidates fault_names() {
  Candidates names;
  for (const auto* kind : rules::all_faults()) {
    names.emplace_back(kind->name, kind->summary);
  }
  return names;
}

Candidates keys_of_fault(const std::string& fault) {
  Candidates keys;
  const auto* kind = rules::find_fault(fault);
  if (kind == nullptr) return keys;
  for (const auto& field : kind->fields()) keys.emplace_back(field.name + "=", field.meaning);
  return keys;
}

Candidates names_in_file(const std::string& path, const std::string& kind) {
  Candidates names;
  const auto text = proxy::read_regular(path);
  if (!text) return names;
  auto document = rules::parse_toml(*text);
  if (!document) return names;
  rules::complete_names(*document);
  const auto* tables = document->find(kind);
  if (tables == nullptr || tables->array() == nullptr) return names;
  for (const auto& table : *tables->array()) {
    const auto* name = table.find("name");
    if (names.size() == kMostNames) break;
    if (name != nullptr && name->string() != nullptr) names.emplace_back(*name->string(), kind);
  }
  return names;
}

Candidates names_of_proxy(const CtlOptions& options, const std::string& what) {
  Candidates names;
  // Does not read the token from a pipe: reading could block, and would take the token away from
  // the command that is being typed.
  if (!options.token_file.empty() && !proxy::is_regular(options.token_file)) return names;
  auto client = ApiClient::make(options);
  if (!client) return names;
  client->set_patience(kCompletionPatience);
  const auto answer = client->call("GET", what);
  if (!answer || answer->status >= 300) return names;
  const auto& body = answer->body;
  const auto flows = body.is_object() ? body.find("flows") : body.end();
  const auto& list = flows != body.end() ? *flows : body;
  if (!list.is_array()) return names;
  for (const auto& table : list) {
    const auto name = name_in(table, what);
    if (names.size() == kMostNames) break;
    if (!name.empty()) names.emplace_back(name, what.substr(0, what.size() - 1));
  }
  return names;
}

}  // namespace brownout::cli
