#include "proxy/formats/yaml_document.h"

#include <yaml.h>

#include <charconv>
#include <map>
#include <string>
#include <utility>

namespace brownout::codecs {
namespace {

using YamlNode = rules::Node;

constexpr int kDeepestYaml = 64;
constexpr const char* kTooManyValues = "too many values (more than 50000): import a part of it";

std::string_view yaml_text(const yaml_char_t* text, std::size_t size) {
  return {reinterpret_cast<const char*>(text), size};
}
std::string yaml_name(const yaml_char_t* text) {
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text));
}

// Holds an event of libyaml, and frees the event in its destructor.
class YamlEvent {
 public:
  YamlEvent() = default;
  ~YamlEvent() { yaml_event_delete(&event_); }
  YamlEvent(const YamlEvent&) = delete;
  YamlEvent& operator=(const YamlEvent&) = delete;
  yaml_event_t* get() { return &event_; }
  yaml_event_t* operator->() { return &event_; }
  rules::Position where() const {
    return {static_cast<unsigned>(event_.start_mark.line + 1),
            static_cast<unsigned>(event_.start_mark.column + 1)};
  }

 private:
  yaml_event_t event_{};
};

// Converts an unquoted scalar to a value, as in YAML's core schema (YAML 1.2.2, 10.3.2). Numbers
// are decimal only.
YamlNode plain_value(std::string_view text, rules::Position where) {
  if (text.empty() || text == "~" || text == "null") return {std::monostate{}, where};
  if (text == "true" || text == "True" || text == "TRUE") return {true, where};
  if (text == "false" || text == "False" || text == "FALSE") return {false, where};
  const auto* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(text.data(), end, whole);
      read.ec == std::errc{} && read.ptr == end) {
    return {whole, where};
  }
  const bool number = text.find_first_not_of("0123456789.+-eE") == std::string_view::npos;
  double value = 0;
  if (const auto read = std::from_chars(text.data(), end, value);
      number && read.ec == std::errc{} && read.ptr == end) {
    return {value, where};
  }
  return {std::string(text), where};
}

std::size_t count_values(const YamlNode& node) {
  std::size_t count = 1;
  if (const auto* array = node.array()) {
    for (const auto& element : *array) count += count_values(element);
  }
  if (const auto* table = node.table()) {
    for (const auto& member : *table) count += count_values(member.node);
  }
  return count;
}

class YamlReader {
 public:
  explicit YamlReader(std::string_view text) {
    ready_ = yaml_parser_initialize(&parser_) != 0;
    if (!ready_) return;
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~YamlReader() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  YamlReader(const YamlReader&) = delete;
  YamlReader& operator=(const YamlReader&) = delete;

  rules::Result<YamlNode> read() {
    if (!ready_)
      return rules::config_error("no memory is left to read the YAML file",
                                 "end other programs, and try again");
    YamlNode::Array documents;
    for (;;) {
      YamlEvent event;
      if (!next(event) || event->type == YAML_STREAM_END_EVENT) break;
      if (event->type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      YamlEvent root;
      if (!next(root)) break;
      documents.push_back(value_of(root, 0));
      if (!error_.what.empty()) break;
    }
    if (!error_.what.empty()) return tl::unexpected(error_);
    if (documents.size() == 1) return std::move(documents.front());
    return YamlNode{std::move(documents)};
  }

 private:
  bool next(YamlEvent& event) {
    if (!error_.what.empty()) return false;
    if (yaml_parser_parse(&parser_, event.get()) != 0) return true;
    fail({static_cast<unsigned>(parser_.problem_mark.line + 1),
          static_cast<unsigned>(parser_.problem_mark.column + 1)},
         std::string("not YAML: ") + (parser_.problem != nullptr ? parser_.problem : "?"));
    return false;
  }

  YamlNode fail(rules::Position where, std::string what) {
    if (error_.what.empty()) {
      error_.what = "line " + std::to_string(where.line) + ", column " +
                    std::to_string(where.column) + ": " + std::move(what);
      error_.where = where;
    }
    return {};
  }

  YamlNode value_of(YamlEvent& event, int depth) {
    const auto where = event.where();
    if (depth > kDeepestYaml)
      return fail(where, "nested more than 64 levels deep: import a part of it");
    if (++values_ > kMostYamlValues) return fail(where, kTooManyValues);
    switch (event->type) {
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event->data.scalar;
        const auto text = yaml_text(scalar.value, scalar.length);
        const bool plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return kept(yaml_name(scalar.anchor),
                    plain ? plain_value(text, where) : YamlNode{std::string(text), where});
      }
      case YAML_SEQUENCE_START_EVENT:
        return kept(yaml_name(event->data.sequence_start.anchor), list_of(where, depth));
      case YAML_MAPPING_START_EVENT:
        return kept(yaml_name(event->data.mapping_start.anchor), table_of(where, depth));
      case YAML_ALIAS_EVENT:
        return repeated(yaml_name(event->data.alias.anchor), where);
      default:
        return fail(where, "a value is missing here");
    }
  }

  YamlNode list_of(rules::Position where, int depth) {
    YamlNode::Array list;
    for (;;) {
      YamlEvent event;
      if (!next(event) || event->type == YAML_SEQUENCE_END_EVENT) break;
      list.push_back(value_of(event, depth + 1));
    }
    return {std::move(list), where};
  }

  YamlNode table_of(rules::Position where, int depth) {
    YamlNode::Table table;
    for (;;) {
      YamlEvent key;
      if (!next(key) || key->type == YAML_MAPPING_END_EVENT) break;
      if (key->type != YAML_SCALAR_EVENT)
        return fail(key.where(), "a key is not a text (put quotes around it)");
      const auto& scalar = key->data.scalar;
      rules::Member member{std::string(yaml_text(scalar.value, scalar.length)), key.where(), {}};
      YamlEvent value;
      if (!next(value)) break;
      member.node = value_of(value, depth + 1);
      table.push_back(std::move(member));
    }
    return {std::move(table), where};
  }

  YamlNode kept(const std::string& anchor, YamlNode node) {
    if (anchor.empty()) return node;
    // Counts the stored copy, too. Without this limit, nested anchors could take memory in the
    // square of the text's size.
    values_ += count_values(node);
    anchors_[anchor] = node;
    return node;
  }

  YamlNode repeated(const std::string& anchor, rules::Position where) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return fail(where, "no value has the anchor \"" + anchor + "\"");
    values_ += count_values(found->second);
    if (values_ > kMostYamlValues) return fail(where, kTooManyValues);
    return found->second;
  }

  yaml_parser_t parser_{};
  bool ready_ = false;
  std::size_t values_ = 0;
  std::map<std::string, YamlNode> anchors_;
  rules::Error error_;
};

}  // namespace

rules::Result<rules::Node> parse_yaml(std::string_view text) {
  if (text.size() > kMostYamlBytes)
    return rules::config_error("more than 4 MiB of YAML", "import a part of it");
  return YamlReader(text).read();
}

}  // namespace brownout::codecs
