// SharedMap is a map from name to value with copy-on-write: copies share all unchanged parts. A
// change in a map of 1,000 entries copies about 16 of them. A value type; const functions may be
// called from any thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace brownout::rules {

template <class T>
class SharedMap {
 public:
  // Null if there is no such name.
  const T* find(const std::string& name) const {
    const auto& part = parts_[part_of(name)];
    if (!part) return nullptr;
    const auto found = part->find(name);
    return found == part->end() ? nullptr : &found->second;
  }
  bool contains(const std::string& name) const { return find(name) != nullptr; }

  void set(const std::string& name, T value) { own(name)[name] = std::move(value); }
  // Inserts a default value if there is no such name. The reference is valid until the map is
  // copied.
  T& change(const std::string& name) { return own(name)[name]; }
  void erase(const std::string& name) {
    if (contains(name)) own(name).erase(name);
  }

  // Calls visit(name, value) for each entry, in unspecified order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& part : parts_) {
      if (!part) continue;
      for (const auto& [name, value] : std::as_const(*part)) visit(name, value);
    }
  }

 private:
  using Part = std::map<std::string, T>;
  static constexpr std::size_t kParts = 64;

  static std::size_t part_of(const std::string& name) {
    return std::hash<std::string>{}(name) % kParts;
  }
  // The part that holds this name; copied first if another map shares it.
  Part& own(const std::string& name) {
    auto& part = parts_[part_of(name)];
    if (!part) {
      part = std::make_shared<Part>();
    } else if (part.use_count() > 1) {
      part = std::make_shared<Part>(*part);
    }
    return *part;
  }

  std::array<std::shared_ptr<Part>, kParts> parts_;  // a shared part is never modified
};

}  // namespace brownout::rules
