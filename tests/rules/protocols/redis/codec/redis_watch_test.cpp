// Tests RedisWatch, which pairs commands with their replies.
#include "rules/protocols/redis/codec/redis_watch.h"

#include <gtest/gtest.h>

#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

using namespace std::chrono_literals;

class RedisWatched {
 public:
  void client(std::string_view bytes, std::chrono::seconds at = 0s) {
    watch_->from_client(codecs::bytes_of(bytes), rules::Instant(at));
  }
  // The replies in these bytes, such as "1s ok": the instant of the command, and its outcome.
  std::string server(std::string_view bytes) {
    std::vector<messages::RequestWatch::Answer> answers;
    watch_->to_client(codecs::bytes_of(bytes), answers);
    std::string text;
    for (const auto& answer : answers) {
      text += rules::to_text(answer.asked.time_since_epoch()) + (answer.ok ? " ok\n" : " failed\n");
    }
    return text;
  }
  const messages::RequestWatch& operator*() const { return *watch_; }

 private:
  std::unique_ptr<messages::RequestWatch> watch_ = messages::make_redis_watch();
};

TEST(RedisWatch, PairsRepliesInOrder) {
  RedisWatched watch;
  watch.client(redis_array_of("SET a 1"), 1s);
  watch.client("PING\r\n", 2s);
  EXPECT_EQ((*watch).open(), 2U);
  EXPECT_EQ(watch.server("+OK\r\n+PO"), "1s ok\n");
  EXPECT_EQ(watch.server("NG\r\n"), "2s ok\n");
  EXPECT_EQ((*watch).open(), 0U);
}

TEST(RedisWatch, CountsOnlyErrorsOfTheServerAsFailures) {
  RedisWatched watch;
  for (int i = 0; i < 5; ++i) watch.client(redis_array_of("GET a"), 1s);
  EXPECT_EQ(watch.server("-OOM command not allowed\r\n-LOADING Redis\r\n-ERR refused\r\n"),
            "1s failed\n1s failed\n1s failed\n");
  EXPECT_EQ(watch.server("-MOVED 1 127.0.0.1:1\r\n-ERR unknown command\r\n"), "1s ok\n1s ok\n");
}

TEST(RedisWatch, IgnoresCommandsThatBlockOrHaveNoReply) {
  RedisWatched watch;
  watch.client(redis_array_of("BLPOP q 0") + redis_array_of("CLIENT REPLY SKIP") +
               redis_array_of("GET a") + redis_array_of("SUBSCRIBE a b"));
  EXPECT_EQ((*watch).open(), 1U);
  EXPECT_EQ(watch.server("*-1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"), "");
  EXPECT_EQ(
      watch.server("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n" + redis_array_of("message a x")),
      "0s ok\n");
  watch.client(redis_array_of("QUIT"));
  EXPECT_TRUE((*watch).leaving());
}

TEST(RedisWatch, IgnoresBytesThatAreNotRedis) {
  RedisWatched watch;
  watch.client(redis_array_of("PING") + "*1\r\n:1\r\n");
  EXPECT_EQ((*watch).open(), 0U);
  EXPECT_EQ(watch.server("+PONG\r\n"), "");
}

}  // namespace
}  // namespace brownout::test
