#include "rules/base/shared_map.h"

#include <gtest/gtest.h>

#include "rules/chance/dice.h"

namespace brownout::rules {
namespace {

std::map<std::string, int> content(const SharedMap<int>& map) {
  std::map<std::string, int> all;
  map.for_each([&](const std::string& name, int value) { all[name] = value; });
  return all;
}

TEST(SharedMap, ChangeLeavesCopiesUnchanged) {
  SharedMap<int> map;
  std::map<std::string, int> model;
  std::vector<std::pair<SharedMap<int>, std::map<std::string, int>>> copies;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const auto draw = combine(key_of("shared map"), i);
    const auto name = "n" + std::to_string(draw % 200);
    if (draw / 1000 % 3 == 0) {
      map.erase(name);
      model.erase(name);
    } else if (draw / 1000 % 3 == 1) {
      map.set(name, static_cast<int>(i));
      model[name] = static_cast<int>(i);
    } else {
      map.change(name) += 7;
      model[name] += 7;
    }
    if (i % 100 == 0) copies.emplace_back(map, model);
  }
  EXPECT_EQ(content(map), model);
  for (const auto& [copy, then] : copies) EXPECT_EQ(content(copy), then);
}

}  // namespace
}  // namespace brownout::rules
