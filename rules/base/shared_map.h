// SharedMap: values by name, whose copies share what has not changed since: one change of a
// thousand entries copies a few dozen. A value; const functions from any thread.
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
  // Null if there is none of that name.
  const T* find(const std::string& name) const {
    const auto& part = parts_[part_of(name)];
    if (!part) return nullptr;
    const auto found = part->find(name);
    return found == part->end() ? nullptr : &found->second;
  }
  bool contains(const std::string& name) const { return find(name) != nullptr; }

  void set(const std::string& name, T value) { own(name)[name] = std::move(value); }
  // Made if there is none. Until the next copy.
  T& change(const std::string& name) { return own(name)[name]; }
  void erase(const std::string& name) {
    if (contains(name)) own(name).erase(name);
  }

  // Calls visit(name, value) for each, in no order.
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
  // The part that holds this name, shared with nobody.
  Part& own(const std::string& name) {
    auto& part = parts_[part_of(name)];
    if (!part) {
      part = std::make_shared<Part>();
    } else if (part.use_count() > 1) {
      part = std::make_shared<Part>(*part);
    }
    return *part;
  }

  std::array<std::shared_ptr<Part>, kParts> parts_;  // changed only while nobody else has it
};

}  // namespace brownout::rules
