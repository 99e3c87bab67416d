#include "rules/chance/client_table.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "rules/chance/pacer.h"

namespace brownout::rules {
namespace {

TEST(ClientTable, GivesEachClientItsOwnEntryAcrossThreads) {
  ClientTable<std::atomic<int>> table;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (Key client = 0; client < 5000; ++client) table.of(client).fetch_add(1);
    });
  }
  for (auto& thread : threads) thread.join();
  for (Key client = 0; client < 5000; ++client) ASSERT_EQ(table.of(client).load(), 4);
}

TEST(ClientTable, ClientsPastTheLimitShareOneEntry) {
  ClientTable<int> table;
  for (Key client = 0; client < ClientTable<int>::kMost; ++client) table.of(client) = 1;
  EXPECT_EQ(&table.of(1'000'000), &table.of(2'000'000));
  EXPECT_EQ(table.of(5), 1);
}

TEST(Pacer, ConcurrentReservationsDoNotOverlap) {
  using namespace std::chrono_literals;
  Pacer pacer;
  std::vector<std::thread> threads;
  std::array<std::vector<Instant>, 4> slots;
  for (auto& mine : slots) {
    threads.emplace_back([&pacer, &mine] {
      for (int i = 0; i < 1000; ++i) mine.push_back(pacer.reserve(Instant{}, 1ms));
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<Instant> all;
  for (const auto& mine : slots) all.insert(all.end(), mine.begin(), mine.end());
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < all.size(); ++i)
    ASSERT_EQ(all[i], Instant((static_cast<int>(i) + 1) * 1ms));
}

}  // namespace
}  // namespace brownout::rules
