// SharedMap is a copyable map from name to value. Copies share their unchanged parts
// (copy-on-write): a change in a map of 1,000 entries copies about 16 of them. Several threads may
// call const functions at the same time.
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
  // Returns null if the map has no entry of this name.
  const T* find(const std::string& name) const {
    const auto& part = parts_[part_of(name)];
    if (!part) return nullptr;
    const auto found = part->find(name);
    return found == part->end() ? nullptr : &found->second;
  }
  bool contains(const std::string& name) const { return find(name) != nullptr; }

  void set(const std::string& name, T value) { own(name)[name] = std::move(value); }
  // Returns the value of `name` for modification; inserts a default value if the name is new. Do
  // not write through the reference after the map has been copied.
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
  // Returns the part of the map that contains `name`. If another map shares the part, it is copied
  // first.
  Part& own(const std::string& name) {
    auto& part = parts_[part_of(name)];
    if (!part) {
      part = std::make_shared<Part>();
    } else if (part.use_count() > 1) {
      part = std::make_shared<Part>(*part);
    }
    return *part;
  }

  // A part that several maps share is never modified.
  std::array<std::shared_ptr<Part>, kParts> parts_;
};

}  // namespace brownout::rules
