// Tests RedisCodec and RedisPairing: replies are paired with commands, and unmatched messages pass
// unchanged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/redis/codec/redis_pairing.h"
#include "rules/protocols/redis/redis_message.h"
#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

constexpr std::string_view kRedisOk = "+OK\r\n";
constexpr std::string_view kRedisQueued = "+QUEUED\r\n";

// Collects the messages of a connection as text: "get a @0" for a command in database 0, "get a @0:
// bulk hello" for its reply, "#news : push hello" for a pub/sub message.
class RedisTalk {
 public:
  explicit RedisTalk(std::size_t piece = 1 << 20) : piece_(piece) {}

  RedisTalk& client(std::string_view bytes) { return read(Direction::kUpstream, bytes); }
  RedisTalk& command(std::string_view line) { return client(redis_array_of(line)); }
  RedisTalk& server(std::string_view bytes) { return read(Direction::kDownstream, bytes); }
  std::string seen() { return std::exchange(seen_, {}); }
  // Sets whether a rule may act on the messages that follow.
  RedisTalk& examine(bool examined) {
    examined_ = examined;
    return *this;
  }

 private:
  RedisTalk& read(Direction direction, std::string_view sent) {
    for (std::size_t at = 0; at < sent.size(); at += piece_) {
      for (auto bytes = codecs::bytes_of(sent.substr(at, piece_)); !bytes.empty();) {
        const auto step = codec_->reader(direction).next(bytes, examined_);
        if (!step.broken.empty()) {
          seen_ += std::string(step.broken) + "\n";
          return *this;
        }
        bytes = bytes.subspan(step.taken);
        if (!step.ended) continue;
        const auto chunk = rules::Chunk::of(step.ended->payload, step.ended->message);
        codec_->write(chunk, direction);
        see(chunk);
      }
    }
    return *this;
  }

  void see(const rules::Chunk& chunk) {
    const auto& view = *rules::view_as<rules::RedisMessage>(chunk.message());
    if (view.channel) seen_ += "#" + *view.channel + " ";
    if (view.command) {
      seen_ += view.command->name;
      for (const auto& key : view.command->keys) seen_ += " " + key;
      if (view.database) seen_ += " @" + std::to_string(*view.database);
    }
    if (view.reply) {
      seen_ += ": " + std::string(rules::name_of(view.reply->type));
      if (!view.value && !view.reply->text.empty()) seen_ += " " + view.reply->text;
    }
    if (view.value) seen_ += " " + std::string(codecs::text_of(chunk.bytes()));
    seen_ += "\n";
  }

  rules::Config config_ = config_of("", "redis");
  std::unique_ptr<messages::MessageCodec> codec_ = messages::codec_of(config_.listeners.front());
  std::size_t piece_;
  bool examined_ = true;
  std::string seen_;
};

const std::array<codecs::RedisPart, 1> kOkReply{{{.sign = '+', .text = "OK", .size = 2}}};

TEST(RedisCodec, PairsRepliesWithCommandsInOrder) {
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    RedisTalk talk(piece);
    talk.command("SET a 1").command("GET a").client("INCR b\r\n").command("LRANGE l 0 -1");
    EXPECT_EQ(talk.seen(), "set a @0 1\nget a @0\nincr b @0\nlrange l @0\n");
    talk.server("+OK\r\n$1\r\n1\r\n:7\r\n*2\r\n$7\r\nmessage\r\n$1\r\nx\r\n");
    EXPECT_EQ(talk.seen(),
              "set a @0: simple OK\nget a @0: bulk 1\nincr b @0: integer 7\nlrange l @0: array\n");
    talk.server("-ERR Protocol error\r\n");
    EXPECT_EQ(talk.seen(), ": error ERR Protocol error\n");
  }
}

TEST(RedisCodec, PairsRepliesWithCommandsThatNoRuleExamined) {
  RedisTalk talk;
  talk.examine(false).command("SELECT 3").command("SET a 1").command("NOSUCH x");
  talk.command("GET b");
  talk.server("+OK\r\n");
  EXPECT_EQ(talk.seen(), "");
  talk.examine(true).server("+OK\r\n-ERR unknown\r\n$1\r\n7\r\n");
  EXPECT_EQ(talk.seen(), "set @3: simple OK\nnosuch @3: error ERR unknown\nget @3: bulk 7\n");
  talk.command("INCR b").server(":8\r\n");
  EXPECT_EQ(talk.seen(), "incr b @3\nincr b @3: integer 8\n");
}

TEST(RedisCodec, TracksTheDatabaseThroughSelect) {
  RedisTalk talk;
  talk.command("SELECT 3").command("GET a").server(kRedisOk).server("$-1\r\n").command("GET b");
  EXPECT_EQ(talk.seen(), "select @0\nget a @3\nselect @0: simple OK\nget a @3: null\nget b @3\n");
  talk.server(":1\r\n").command("SELECT 99").command("GET c");
  talk.server("-ERR DB index is out of range\r\n$-1\r\n").command("GET d");
  EXPECT_EQ(talk.seen(),
            "get b @3: integer 1\nselect @3\nget c @99\nselect @3: error ERR DB index is out of "
            "range\nget c @3: null\nget d @3\n");
  talk.server("$-1\r\n").command("RESET").server("+RESET\r\n").command("GET e");
  EXPECT_EQ(talk.seen(), "get d @3: null\nreset @3\nreset @3: simple RESET\nget e @0\n");
}

TEST(RedisCodec, AppliesASelectInATransactionAtExec) {
  RedisTalk talk;
  talk.command("MULTI").command("SELECT 2").command("GET a").command("EXEC").command("GET b");
  talk.seen();
  talk.server(kRedisOk)
      .server(kRedisQueued)
      .server(kRedisQueued)
      .server("*2\r\n+OK\r\n$-1\r\n")
      .server("$-1\r\n");
  EXPECT_EQ(talk.seen(),
            "multi @0: simple OK\nselect @0: simple QUEUED\nget a @0: simple QUEUED\n"
            "exec @0: array\nget b @2: null\n");
  talk.command("MULTI").command("SELECT 4").command("DISCARD");
  talk.server(kRedisOk).server(kRedisQueued).server(kRedisOk).command("GET c");
  EXPECT_THAT(talk.seen(), testing::HasSubstr("get c @2\n"));
}

TEST(RedisCodec, DoesNotPairPubSubMessages) {
  for (const std::size_t piece : {1U, 1000U}) {
    RedisTalk talk(piece);
    talk.command("SUBSCRIBE news sport").command("PING");
    EXPECT_EQ(talk.seen(), "subscribe @0\nping @0\n");
    // Without a subscription, this message is an ordinary reply.
    talk.server(redis_array_of("message early x"));
    talk.seen();
  }
  RedisTalk talk;
  talk.command("SUBSCRIBE news sport").command("PING").seen();
  talk.server("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n");
  talk.server(redis_array_of("message news hello"));
  talk.server("*3\r\n$9\r\nsubscribe\r\n$5\r\nsport\r\n:2\r\n");
  talk.server("*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nhi\r\n");
  talk.server("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  EXPECT_EQ(talk.seen(),
            "#news subscribe: array\n#news : push hello\n#sport subscribe: array\n"
            "#news : push hi\nping @0: array\n");
  talk.command("UNSUBSCRIBE").command("GET a").command("UNSUBSCRIBE").command("GET b").seen();
  talk.server("*3\r\n$11\r\nunsubscribe\r\n$4\r\nnews\r\n:1\r\n");
  talk.server("*3\r\n$11\r\nunsubscribe\r\n$5\r\nsport\r\n:0\r\n$1\r\n1\r\n");
  talk.server("*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n$1\r\n2\r\n");
  EXPECT_EQ(talk.seen(),
            "#news unsubscribe: array\n#sport unsubscribe: array\nget a @0: bulk 1\n"
            "unsubscribe: array\nget b @0: bulk 2\n");
}

TEST(RedisCodec, DoesNotPairResp3Pushes) {
  RedisTalk talk;
  talk.command("HELLO 3").command("SUBSCRIBE c").command("GET a").command("LRANGE l 0 1").seen();
  talk.server("%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  talk.server(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n_\r\n");
  talk.server("|1\r\n+ttl\r\n:1\r\n" + redis_array_of("message c x"));
  talk.server(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n");
  EXPECT_EQ(talk.seen(),
            "hello @0: map\n#c subscribe: array\n: push\nget a @0: null\nlrange l @0: array\n"
            "#c : push x\n");
}

TEST(RedisCodec, DoesNotPairMonitorLines) {
  RedisTalk talk;
  talk.command("MONITOR").server(kRedisOk).server(
      "+1339518083.107412 [0 127.0.0.1:6] \"keys\"\r\n");
  talk.command("PING").server("+1339518083.2 [0 127.0.0.1:6] \"ping\"\r\n+PONG\r\n");
  EXPECT_EQ(talk.seen(),
            "monitor @0\nmonitor @0: simple OK\n: push 1339518083.107412 [0 127.0.0.1:6] "
            "\"keys\"\nping @0\n: push 1339518083.2 [0 127.0.0.1:6] \"ping\"\nping @0: simple "
            "PONG\n");
}

TEST(RedisCodec, ExpectsNoReplyWhereRedisSendsNone) {
  RedisTalk talk;
  talk.command("CLIENT REPLY SKIP").command("GET a").command("GET b").server("$1\r\nb\r\n");
  EXPECT_THAT(talk.seen(), testing::EndsWith("get b @0: bulk b\n"));
  talk.command("CLIENT REPLY OFF").command("GET a").command("CLIENT REPLY ON").command("GET c");
  talk.server(kRedisOk).server("$1\r\nc\r\n");
  EXPECT_THAT(talk.seen(), testing::EndsWith("client reply @0: simple OK\nget c @0: bulk c\n"));
  talk.client("*0\r\n\r\n").command("GET d").server("$1\r\nd\r\n");
  EXPECT_THAT(talk.seen(), testing::EndsWith("get d @0: bulk d\n"));
}

TEST(RedisCodec, StopsReadingAfterPsync) {
  RedisTalk talk;
  talk.command("PING").command("PSYNC ? -1").server("+PONG\r\n+FULLRESYNC x 0\r\n");
  EXPECT_THAT(talk.seen(), testing::EndsWith("ping @0: simple PONG\na replication stream\n"));
}

TEST(RedisLab, PassesBytesThatAreNotRedis) {
  MessageLab lab("redis", "[[rule]]\nmatch = { command = \"get\" }\nfault = { type = \"drop\" }");
  lab.from_client("\x16\x03\x01\x02");
  EXPECT_EQ(lab.at_server(), "\x16\x03\x01\x02");
  EXPECT_EQ(lab.reports, "not Redis: neither a RESP command nor an inline command\n");
}

TEST(RedisLab, MatchesAReplyByItsCommand) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "GET", key = "user:*", direction = "downstream" }
fault = { type = "replace", text = "nobody" })");
  lab.from_client(redis_array_of("GET user:1") + redis_array_of("GET other"));
  lab.from_server(redis_bulk("ann") + redis_bulk("bob"));
  EXPECT_EQ(lab.at_client(), redis_bulk("nobody") + redis_bulk("bob"));
}

TEST(RedisLab, WritesAReplacedValueInItsOwnType) {
  MessageLab lab("redis", R"([[rule]]
match = { direction = "upstream" }
fault = { type = "replace", text = "new\r\n value" })");
  lab.from_client(redis_array_of("SET a 1 EX 10") + "SET a old\r\n" + redis_array_of("GET a"));
  EXPECT_EQ(lab.at_server(), redis_array({"SET", "a", "new\r\n value", "EX", "10"}) +
                                 redis_array({"SET", "a", "new\r\n value"}) +
                                 redis_array_of("GET a"));
  MessageLab down("redis", R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace", text = "a\r\nb" })");
  down.from_client(redis_array_of("GET a") + redis_array_of("GET b") + redis_array_of("GET c"));
  down.from_server("+OK\r\n=7\r\ntxt:old\r\n:1\r\n");
  EXPECT_EQ(down.at_client(), "+a  b\r\n=8\r\ntxt:a\r\nb\r\n:1\r\n");
}

TEST(RedisLab, SendsARefusalInReplyOrder) {
  const std::string rule = R"([[rule]]
match = { command = "del" }
fault = { type = "reject", text = "NOPERM not you" })";
  for (const std::size_t piece : {1U, 1000U}) {
    MessageLab lab("redis", rule, "", piece);
    lab.from_client(redis_array_of("DEL a"));
    EXPECT_EQ(lab.at_client(), "-NOPERM not you\r\n");
    lab.from_client(redis_array_of("GET a") + redis_array_of("DEL b") + redis_array_of("GET c") +
                    redis_array_of("DEL d"));
    EXPECT_EQ(lab.at_server(), redis_array_of("GET a") + redis_array_of("GET c"));
    EXPECT_EQ(lab.at_client(), "");
    lab.from_server("$1\r\n1\r\n");
    EXPECT_EQ(lab.at_client(), "$1\r\n1\r\n-NOPERM not you\r\n");
    lab.from_server("$1\r\n2\r\n");
    EXPECT_EQ(lab.at_client(), "$1\r\n2\r\n-NOPERM not you\r\n");
  }
}

TEST(RedisLab, DoesNotSplitAMessageWithARefusal) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "del", direction = "upstream" }
fault = { type = "reject" })");
  lab.from_client(redis_array_of("HELLO 3"));
  lab.from_server("%1\r\n+a\r\n+b\r\n>2\r\n$10\r\ninval");
  EXPECT_EQ(lab.at_client(), "%1\r\n+a\r\n+b\r\n>2\r\n$10\r\ninval");
  lab.from_client(redis_array_of("DEL a") + redis_array_of("GET a"));
  EXPECT_EQ(lab.at_client(), "");
  lab.from_server("idate\r\n_\r\n$1\r\n1\r\n");
  EXPECT_EQ(lab.at_client(), "idate\r\n_\r\n-ERR refused\r\n$1\r\n1\r\n");
}

TEST(RedisLab, ARefusalWaitsForADelayedReply) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "get", direction = "downstream" }
fault = { type = "delay", delay = "1s" }
[[rule]]
match = { command = "del" }
fault = { type = "reject" })");
  lab.from_client(redis_array_of("GET a"));
  lab.from_server("$-1\r\n");
  lab.from_client(redis_array_of("DEL a"));
  EXPECT_EQ(lab.at_client(), "");
  lab.pass(std::chrono::seconds(2));
  EXPECT_EQ(lab.at_client(), "$-1\r\n-ERR refused\r\n");
}

TEST(RedisLab, DeliversNoReplyAfterALostOne) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "incr" }
fault = { type = "ack_loss" })");
  lab.from_client(redis_array_of("GET a") + redis_array_of("INCR a") + redis_array_of("GET a"));
  lab.from_server("$1\r\n1\r\n:2\r\n$1\r\n2\r\n");
  EXPECT_EQ(lab.at_client(), "$1\r\n1\r\n");
  EXPECT_EQ(lab.injected, 1);
  lab.from_server(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n");
  EXPECT_EQ(lab.at_client(), ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n");
}

TEST(RedisLab, DeliversOneReplyToADuplicatedCommand) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "incr", direction = "upstream" }
fault = { type = "duplicate", share = "100%" })");
  lab.from_client(redis_array_of("INCR a") + redis_array_of("GET a"));
  EXPECT_EQ(lab.at_server(),
            redis_array_of("INCR a") + redis_array_of("INCR a") + redis_array_of("GET a"));
  lab.from_server(":1\r\n:2\r\n$1\r\n2\r\n");
  EXPECT_EQ(lab.at_client(), ":1\r\n$1\r\n2\r\n");
}

TEST(RedisLab, DiscardsATransactionWithARefusedCommand) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "set" }
fault = { type = "reject", text = "OOM" })");
  lab.from_client(redis_array_of("MULTI") + redis_array_of("INCR a") + redis_array_of("SET a 1") +
                  redis_array_of("EXEC") + redis_array_of("GET a"));
  EXPECT_EQ(lab.at_server(), redis_array_of("MULTI") + redis_array_of("INCR a") +
                                 redis_array_of("DISCARD") + redis_array_of("GET a"));
  lab.from_server("+OK\r\n+QUEUED\r\n+OK\r\n$1\r\n0\r\n");
  EXPECT_EQ(lab.at_client(),
            "+OK\r\n+QUEUED\r\n-OOM\r\n-EXECABORT Transaction discarded because of previous "
            "errors.\r\n$1\r\n0\r\n");
}

TEST(RedisLab, DiscardsATransactionWhoseExecIsRefused) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "exec" }
fault = { type = "reject" })");
  lab.from_client(redis_array_of("MULTI") + redis_array_of("INCR a") + redis_array_of("EXEC") +
                  redis_array_of("GET a"));
  EXPECT_EQ(lab.at_server(), redis_array_of("MULTI") + redis_array_of("INCR a") +
                                 redis_array_of("DISCARD") + redis_array_of("GET a"));
  lab.from_server("+OK\r\n+QUEUED\r\n+OK\r\n$1\r\n0\r\n");
  EXPECT_EQ(lab.at_client(), "+OK\r\n+QUEUED\r\n-ERR refused\r\n$1\r\n0\r\n");
}

TEST(RedisLab, PassesATooLargeValueAsBytes) {
  MessageLab lab("redis", "[[rule]]\nmatch = { command = \"del\" }\nfault = { type = \"drop\" }");
  const auto large = redis_array({"SET", "a", std::string((16 << 20) + 1, 'x')});
  lab.from_client(large);
  EXPECT_EQ(lab.at_server().size(), large.size());
  EXPECT_EQ(lab.reports, "not Redis: a message of more than 16 MiB\n");
}

std::shared_ptr<rules::RedisCommand> shared(rules::RedisCommand command) {
  return std::make_shared<rules::RedisCommand>(std::move(command));
}

// A client may send many commands before it reads a reply.
TEST(RedisPairing, GivesUpAboveTheMemoryLimit) {
  messages::RedisPairing pairing;
  const std::string key(1000, 'k');
  std::uint64_t numbered = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto command = pairing.sent(shared({.name = "get", .keys = {key}, .arguments = 2}));
    pairing.asked(command);
    numbered += command->ordinal > 0 ? 1 : 0;
  }
  EXPECT_TRUE(pairing.given_up());
  EXPECT_LT(numbered, messages::RedisPairing::kMostFacts / key.size());
  EXPECT_FALSE(pairing.answered(kOkReply).command);
}

TEST(RedisPairing, DeliversNoReplyAfterALostCommandEvenAfterGivingUp) {
  messages::RedisPairing pairing;
  const rules::RedisCommand get{.name = "get", .arguments = 2};
  pairing.sent(shared(get));  // a rule drops this command
  for (std::size_t i = 0; i < messages::RedisPairing::kMostGaps + 2; ++i) {
    const auto command = pairing.sent(shared(get));
    pairing.asked(command);
    const auto answer = pairing.answered(kOkReply);
    EXPECT_TRUE(pairing.release(answer, codecs::Bytes(5), false).empty());
  }
  EXPECT_TRUE(pairing.given_up());
  EXPECT_FALSE(pairing.in_order());
  EXPECT_TRUE(pairing.release({}, codecs::Bytes(5), false).empty());
  EXPECT_FALSE(pairing.release({.push = true}, codecs::Bytes(5), false).empty());
}

// The client would mistake unparsed bytes for the lost reply.
TEST(RedisLab, ResetsTheConnectionIfATooLargeReplyFollowsALostOne) {
  MessageLab lab("redis", R"([[rule]]
match = { command = "incr", direction = "downstream" }
fault = { type = "ack_loss" })");
  lab.from_client(redis_array_of("INCR a") + redis_array_of("GET huge"));
  lab.from_server(":1\r\n$20971520\r\n" + std::string(17 << 20, 'x'));
  EXPECT_EQ(lab.at_client(), "");
  EXPECT_EQ(lab.closed, "reset");
}

TEST(RedisPairing, DropsWaitingRepliesAboveTheLimit) {
  messages::RedisPairing pairing;
  const auto lost = pairing.sent(shared({.name = "get", .arguments = 2}));
  const codecs::Bytes much(1 << 20);
  for (int i = 0; i < 40; ++i) {
    const auto command = pairing.sent(shared({.name = "get", .arguments = 2}));
    EXPECT_TRUE(
        pairing.release({.command = command, .ordinal = command->ordinal}, much, false).empty());
  }
  EXPECT_TRUE(pairing.release({.command = lost, .ordinal = lost->ordinal}, much, false).empty());
}

}  // namespace
}  // namespace brownout::test
