// Tests StreamTable: the map from the ids of open streams to values.
#include "rules/protocols/http2/codec/stream_table.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace brownout::http2 {
namespace {

TEST(StreamTable, FindsWhatWasAddedUntilItIsRemoved) {
  StreamTable<std::unique_ptr<std::string>> table;
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_EQ(table.remove(1), nullptr);
  table.add(1, std::make_unique<std::string>("first"));
  table.add(3, std::make_unique<std::string>("second"));
  ASSERT_NE(table.find(3), nullptr);
  EXPECT_EQ(**table.find(3), "second");
  EXPECT_EQ(*table.remove(1), "first");
  EXPECT_EQ(table.find(1), nullptr);
  EXPECT_EQ(table.size(), 1);
}

TEST(StreamTable, HasNoStreamWithTheIdOfTheConnection) {
  StreamTable<int> table;
  table.add(1, 5);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.remove(0), 0);
  EXPECT_EQ(table.size(), 1);
}

// Ids with gaps, as of streams that the peer leaves out, share slots.
TEST(StreamTable, FindsIdsThatCollide) {
  for (const int step : {2, 32, 64, 1024}) {
    StreamTable<int> table;
    std::map<int, int> expected;
    for (int i = 0; i < 300; ++i) {
      const int id = 1 + i * step;
      table.add(id, i);
      expected[id] = i;
      // Some streams stay open for long, others end soon.
      const int gone = i % 3 != 0 ? id : expected.begin()->first;
      EXPECT_EQ(table.remove(gone), expected[gone]);
      expected.erase(gone);
      if (i % 2 == 0) table.add(gone, expected[gone] = -i);
    }
    EXPECT_EQ(table.size(), expected.size());
    std::map<int, int> found;
    table.for_each([&](int id, int value) { found[id] = value; });
    EXPECT_EQ(found, expected);
    for (const auto& [id, value] : expected) {
      ASSERT_NE(table.find(id), nullptr) << id;
      EXPECT_EQ(*table.find(id), value);
    }
  }
}

}  // namespace
}  // namespace brownout::http2
