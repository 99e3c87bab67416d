#include "rules/schema/json_text.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <variant>

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

using Json = nlohmann::ordered_json;

// Limit of nesting in a merge patch.
constexpr int kDeepestPatch = 64;

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t behind_space(std::string_view json, std::size_t at) {
  while (at < json.size() && is_space(json[at])) ++at;
  return at;
}

// Returns the offset of the value, after white space and a byte order mark.
std::size_t begin_of(std::string_view json) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return behind_space(json, json.starts_with(kMark) ? kMark.size() : 0);
}

// The functions below skip parts of text that is known to be valid JSON.

std::size_t behind_string(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return std::min(at + 1, json.size());
}

std::size_t behind_value(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = behind_string(json, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      --depth;
      ++at;
    } else if (depth > 0) {
      ++at;
      continue;
    } else {
      return std::min(json.find_first_of(",]} \t\r\n", at), json.size());
    }
    if (depth == 0) return at;
  }
  return at;
}

// One member of an object, or element of an array.
struct Part {
  std::size_t begin;  // offset of the name, or of the element
  std::size_t value;
  std::size_t end;
  std::string_view name;  // as it is written, in quotes; empty for an element
};

// Calls `use` for each member or element of the value at `at`, until it returns false.
void each_part(std::string_view json, std::size_t at, const std::function<bool(const Part&)>& use) {
  const bool object = json[at] == '{';
  at = behind_space(json, at + 1);
  while (at < json.size() && json[at] != '}' && json[at] != ']') {
    Part part{at, at, at, {}};
    if (object) {
      const auto end = behind_string(json, at);
      part.name = json.substr(at, end - at);
      part.value = behind_space(json, behind_space(json, end) + 1);
    }
    part.end = behind_value(json, part.value);
    if (!use(part)) return;
    at = behind_space(json, part.end);
    if (at < json.size() && json[at] == ',') at = behind_space(json, at + 1);
  }
}

bool is_named(std::string_view quoted, const std::string& name) {
  if (quoted.find('\\') == quoted.npos) return quoted.substr(1, quoted.size() - 2) == name;
  const auto read = Json::parse(quoted, nullptr, false);
  return read.is_string() && read.get_ref<const std::string&>() == name;
}

// An index is written without a sign and without leading zeros (RFC 6901, 4).
std::optional<std::int64_t> index_of(const std::string& name) {
  if (name.size() > 1 && name.front() == '0') return std::nullopt;
  const auto index = parse_whole_number(name, INT32_MAX);
  return index && *index >= 0 ? index : std::nullopt;
}

std::optional<Part> find_part(std::string_view json, std::size_t at, const std::string& name) {
  std::optional<Part> found;
  if (json[at] == '{') {
    each_part(json, at, [&](const Part& part) {
      if (is_named(part.name, name)) found = part;
      return true;
    });
  } else if (const auto index = index_of(name); json[at] == '[' && index) {
    std::int64_t number = 0;
    each_part(json, at, [&](const Part& part) {
      if (number++ != *index) return true;
      found = part;
      return false;
    });
  }
  return found;
}

// Returns the offset of the object or array in which the pointer's last name is looked up.
std::optional<std::size_t> find_parent(std::string_view json, const JsonPointer& pointer) {
  auto at = begin_of(json);
  for (std::size_t i = 0; i + 1 < pointer.names().size(); ++i) {
    const auto part = find_part(json, at, pointer.names()[i]);
    if (!part) return std::nullopt;
    at = part->value;
  }
  return at < json.size() ? std::optional(at) : std::nullopt;
}

// Inserts text after the last member or element of the object or array at offset `at`.
void append_part(std::string& json, std::size_t at, const std::string& text) {
  std::optional<Part> last;
  each_part(json, at, [&](const Part& part) {
    last = part;
    return true;
  });
  json.insert(last ? last->end : at + 1, (last ? "," : "") + text);
}

// Removes all members with this name (a name may occur several times), or the element with this
// index. Returns whether anything was removed.
bool erase_parts(std::string& json, std::size_t at, const std::string& name) {
  const bool object = json[at] == '{';
  const auto index = object ? std::nullopt : index_of(name);
  std::string rest;
  std::size_t behind = at + 1;  // the end of the last part
  std::string_view lead;        // white space ahead of the first part
  std::int64_t number = 0;
  bool kept_any = false;
  bool erased = false;
  each_part(json, at, [&](const Part& part) {
    const auto space = std::string_view(json).substr(behind, part.begin - behind);
    if (number == 0) lead = space;
    behind = part.end;
    if (object ? is_named(part.name, name) : number == index) {
      erased = true;
    } else {
      rest += kept_any ? space : lead;
      rest.append(json, part.begin, part.end - part.begin);
      kept_any = true;
    }
    ++number;
    return true;
  });
  if (erased) json = json.substr(0, at + 1) + rest + json.substr(behind);
  return erased;
}

// Removes members that are null from a patch, for a place where the target has no value: null would
// remove nothing.
void drop_nulls(Json& patch) {
  if (!patch.is_object()) return;
  for (auto member = patch.begin(); member != patch.end();) {
    if (member->is_null()) {
      member = patch.erase(member);
    } else {
      drop_nulls(*member);
      ++member;
    }
  }
}

bool merge_at(std::string& json, const JsonPointer& at, Json patch) {
  if (patch.is_object() && json_value(json, at).starts_with('{')) {
    bool changed = false;
    for (const auto& [name, value] : patch.items()) {
      const auto member = at.of(name);
      if (!value.is_null()) {
        changed = merge_at(json, member, value) || changed;
      } else {
        changed = remove_json(json, member) || changed;
      }
    }
    return changed;
  }
  drop_nulls(patch);
  return set_json(json, at, json_text(patch));
}

// A date of TOML is an empty node, as is null of JSON. A file is no value of JSON either.
bool has_json_form(const Node& node) {
  const auto all = [](const auto& list, const auto& value_of) {
    return std::all_of(list.begin(), list.end(),
                       [&](const auto& entry) { return has_json_form(value_of(entry)); });
  };
  if (const auto* array = node.array())
    return all(*array, [](const Node& e) -> const Node& { return e; });
  if (const auto* table = node.table())
    return all(*table, [](const Member& m) -> const Node& { return m.node; });
  const auto* number = std::get_if<double>(&node.value);
  return !std::holds_alternative<std::monostate>(node.value) && node.file() == nullptr &&
         (number == nullptr || std::isfinite(*number));
}

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(const std::shared_ptr<const FileText>&) const { return nullptr; }
  Json operator()(const Node::Array& array) const {
    Json list = Json::array();
    for (const auto& element : array) list.push_back(std::visit(*this, element.value));
    return list;
  }
  Json operator()(const Node::Table& table) const {
    Json object = Json::object();
    for (const auto& member : table) object[member.key] = std::visit(*this, member.node.value);
    return object;
  }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

}  // namespace

bool is_json_object(std::string_view text) {
  const auto begin = begin_of(text);
  return begin < text.size() && text[begin] == '{' && is_json(text);
}

Result<std::string> json_of(const Node& node) {
  if (has_json_form(node)) return json_text(std::visit(ToJson{}, node.value));
  return config_error(
      "a date, an infinite number or null is not possible here",
      "write a date in quotes; for null use set_null, or merge with JSON in quotes");
}

Result<JsonPointer> JsonPointer::parse(std::string_view text) {
  constexpr std::string_view kHint = R"(e.g. "/items/0/price"; ~1 is / and ~0 is ~ in a name)";
  JsonPointer pointer;
  if (!text.empty() && text.front() != '/') {
    return config_error(
        in_quotes(text) + " is not a JSON pointer, because it does not begin with /",
        std::string(kHint));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      pointer.names_.emplace_back();
    } else if (text[i] != '~') {
      pointer.names_.back() += text[i];
    } else if (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
      pointer.names_.back() += text[++i] == '0' ? '~' : '/';
    } else {
      return config_error(
          in_quotes(text) + " is not a JSON pointer, because ~ has no 0 or 1 after it",
          std::string(kHint));
    }
  }
  return pointer;
}

std::string JsonPointer::to_text() const {
  std::string text;
  for (const auto& name : names_) {
    text += '/';
    for (const char c : name) {
      text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
  }
  return text;
}

JsonPointer JsonPointer::of(std::string name) const {
  auto pointer = *this;
  pointer.names_.push_back(std::move(name));
  return pointer;
}

Result<JsonPointer> ValueKind<JsonPointer>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a JSON pointer");
  return JsonPointer::parse(*text);
}

std::string_view json_value(std::string_view json, const JsonPointer& at) {
  auto begin = begin_of(json);
  for (const auto& name : at.names()) {
    const auto part = find_part(json, begin, name);
    if (!part) return {};
    begin = part->value;
  }
  return json.substr(begin, behind_value(json, begin) - begin);
}

std::string json_words(std::string_view value) {
  if (!value.starts_with('"')) return std::string(value);
  const auto read = Json::parse(value, nullptr, false);
  return read.is_string() ? read.get<std::string>() : std::string();
}

bool has_member(std::string_view json, const JsonPointer& at) {
  return !json_value(json, at).empty();
}

bool set_json(std::string& json, const JsonPointer& at, std::string_view value) {
  const auto begin = find_parent(json, at);
  if (!begin) return false;
  if (at.names().empty()) {
    json.replace(*begin, behind_value(json, *begin) - *begin, value);
    return true;
  }
  const auto& name = at.names().back();
  if (const auto part = find_part(json, *begin, name)) {
    json.replace(part->value, part->end - part->value, value);
    return true;
  }
  if (json[*begin] == '{') {
    append_part(json, *begin, json_text(name) + ":" + std::string(value));
  } else if (json[*begin] == '[' && name == "-") {
    append_part(json, *begin, std::string(value));
  } else {
    return false;
  }
  return true;
}

bool remove_json(std::string& json, const JsonPointer& at) {
  if (at.names().empty()) return false;
  const auto begin = find_parent(json, at);
  const bool holds_parts = begin && (json[*begin] == '{' || json[*begin] == '[');
  return holds_parts && erase_parts(json, *begin, at.names().back());
}

bool is_merge_patch(std::string_view text) {
  bool deep = false;
  const auto keep = [&](int depth, Json::parse_event_t, const Json&) {
    deep = deep || depth > kDeepestPatch;
    return !deep;
  };
  return is_json(text) && !Json::parse(text, keep, false).is_discarded() && !deep;
}

bool merge_json(std::string& json, std::string_view patch) {
  auto read = Json::parse(patch, nullptr, false);
  if (read.is_discarded()) return false;
  const auto before = json;
  return merge_at(json, {}, std::move(read)) && json != before;
}

}  // namespace brownout::rules
