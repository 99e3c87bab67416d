#include "rules/chance/client_table.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "rules/chance/pacer.h"
#include "rules/faults/common/link.h"

namespace brownout::rules {
namespace {

TEST(ClientTable, GivesEachClientItsOwnEntryAcrossThreads) {
  ClientTable<std::atomic<int>> table;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (Key client = 0; client < 5000; ++client) table.of(client)->fetch_add(1);
    });
  }
  for (auto& thread : threads) thread.join();
  for (Key client = 0; client < 5000; ++client) ASSERT_EQ(table.of(client)->load(), 4);
}

TEST(ClientTable, ClientsPastTheLimitHaveNoEntry) {
  ClientTable<int> table;
  for (Key client = 0; client < ClientTable<int>::kMost; ++client) *table.of(client) = 1;
  EXPECT_EQ(table.of(1'000'000), nullptr);
  EXPECT_EQ(table.known(1'000'000), nullptr);
  EXPECT_EQ(*table.of(5), 1);
}

TEST(LinkState, ConcurrentUsersShareTheOpportunitiesOfATrace) {
  const auto trace = *DeliveryTrace::parse("1\n");
  LinkState link;
  std::mutex mutex;
  std::set<Duration> times;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        const auto passed = link.take(trace, Duration::zero(), DeliveryTrace::kPacket);
        const std::scoped_lock lock(mutex);
        times.insert(passed);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(times.size(), 4000U);
  EXPECT_EQ(*times.rbegin(), std::chrono::milliseconds(4000));
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
