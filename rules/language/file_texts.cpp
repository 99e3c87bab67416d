#include "rules/language/file_texts.h"

#include <map>
#include <memory>
#include <set>

#include "rules/engine/fault.h"
#include "rules/language/config.h"
#include "rules/rehearsal/scenario.h"
#include "rules/schema/file_text.h"

namespace brownout::rules {
namespace {

// Returns the keys of faults, listeners and probes whose values are paths of files.
const std::set<std::string, std::less<>>& file_keys() {
  static const auto keys = [] {
    std::set<std::string, std::less<>> found;
    const auto add_from = [&](const std::vector<FieldInfo>& fields) {
      for (const auto& field : fields) {
        if (field.type == kFilePath) found.insert(field.name);
      }
    };
    add_from(listener_schema().fields());
    add_from(probe_fields());
    for (const auto* kind : all_faults()) add_from(kind->fields());
    return found;
  }();
  return keys;
}

class FileTexts {
 public:
  explicit FileTexts(const FileReader& read) : read_(read) {}

  // Calls action(table) for each table of the list [[kind]].
  template <class Action>
  static void for_each(Node& document, std::string_view kind, const Action& action) {
    auto* list = member_of(document, kind);
    auto* tables = list != nullptr ? std::get_if<Node::Array>(&list->value) : nullptr;
    if (tables == nullptr) return;
    for (auto& table : *tables) action(table);
  }

  static Node* member_of(Node& table, std::string_view key) {
    auto* members = std::get_if<Node::Table>(&table.value);
    if (members == nullptr) return nullptr;
    for (auto& member : *members) {
      if (member.key == key) return &member.node;
    }
    return nullptr;
  }

  void put_in(Node* table) {
    auto* keys = table != nullptr ? std::get_if<Node::Table>(&table->value) : nullptr;
    if (keys == nullptr) return;
    for (auto& [key, where, node] : *keys) {
      const auto* path = node.string();
      if (path == nullptr || path->empty() || !file_keys().contains(key)) continue;
      auto& file = files_[*path];
      if (!file) file = std::make_shared<const FileText>(read_(*path));
      node.value = file;
    }
  }

 private:
  const FileReader& read_;
  std::map<std::string, std::shared_ptr<const FileText>> files_;
};

}  // namespace

Node with_file_texts(Node document, const FileReader& read) {
  FileTexts texts(read);
  FileTexts::for_each(document, "listener", [&](Node& listener) { texts.put_in(&listener); });
  FileTexts::for_each(document, "probe", [&](Node& probe) { texts.put_in(&probe); });
  FileTexts::for_each(document, "rule",
                      [&](Node& rule) { texts.put_in(FileTexts::member_of(rule, "fault")); });
  FileTexts::for_each(document, "phase", [&](Node& phase) {
    auto* change = FileTexts::member_of(phase, "change");
    auto* faults = change != nullptr ? std::get_if<Node::Table>(&change->value) : nullptr;
    if (faults == nullptr) return;
    for (auto& fault : *faults) texts.put_in(&fault.node);
  });
  return document;
}

}  // namespace brownout::rules
