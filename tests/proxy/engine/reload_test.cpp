// Tests the socket files of unix listeners across reloads and at the end of the process. Also tests
// that a failed reload changes nothing.
#include <gmock/gmock.h>

#include "proxy/engine/engine.h"
#include "proxy/formats/load_rules.h"
#include "proxy/net/unix_socket_file.h"
#include "tests/support/temp_folder.h"

namespace brownout::proxy {
namespace {

namespace fs = std::filesystem;

class SocketOfAListener : public testing::Test, protected test::TempFolder {};

rules::Config on_socket(const std::string& path, const std::string& more = "") {
  return *codecs::load_rules(
      "version = 1\n[[upstream]]\nname = \"u\"\nservers = "
      "[\"127.0.0.1:9\"]\n[[listener]]\nname = \"l\"\nlisten = \"unix:" +
      path + "\"\nupstream = \"u\"\n" + more);
}

TEST_F(SocketOfAListener, IsRemovedWithItsProcessButNotWithAnother) {
  Loop loop;
  auto first = std::move(*Engine::start(loop, on_socket(in("socket")), {}));
  EXPECT_TRUE(fs::is_socket(in("socket")));
  first->stop_accepting();
  EXPECT_FALSE(fs::exists(in("socket")))
      << "another process may bind the path while this process drains";
  first->wait_for_workers();
  auto second = std::move(*Engine::start(loop, on_socket(in("socket")), {}));
  first->stop();
  EXPECT_TRUE(fs::is_socket(in("socket")));
  second->stop();
  EXPECT_FALSE(fs::exists(in("socket")));
}

TEST_F(SocketOfAListener, IsRemovedWithItsListener) {
  Loop loop;
  auto engine = std::move(*Engine::start(loop, on_socket(in("before")), {}));
  ASSERT_TRUE(engine->reload(on_socket(in("after"))));
  EXPECT_FALSE(fs::exists(in("before")));
  EXPECT_TRUE(fs::is_socket(in("after")));
  auto elsewhere = on_socket(in("after"));
  elsewhere.listeners.front().listen = {"127.0.0.1", 0, ""};
  ASSERT_TRUE(engine->reload(elsewhere));
  EXPECT_FALSE(fs::exists(in("after")));
  engine->stop();
}

TEST_F(SocketOfAListener, IsKeptIfAnotherProcessHasBoundTheName) {
  const auto bind_it = [&] { return std::move(*listen_on({"", 0, in("socket")}, 1, 1)); };
  auto mine = bind_it();
  UnixSocketFile file(in("socket"));
  mine.clear();
  const auto theirs = bind_it();
  file.remove();
  EXPECT_TRUE(fs::is_socket(in("socket")));
}

// To detect a stale socket file, the engine connects to it. If the socket's owner does not accept,
// a blocking connect would wait.
TEST_F(SocketOfAListener, IsNotWaitedForIfItsBacklogIsFull) {
  const Endpoint where{"", 0, in("socket")};
  const auto busy = std::move(*listen_on(where, 0, 1));
  std::vector<Dialled> waiting;
  do {
    waiting.push_back(start_dial(*SocketAddress::of(where)));
  } while (waiting.back().connected && waiting.size() < 100);
  ASSERT_EQ(waiting.back().error, EAGAIN);
  const auto taken = listen_on(where, 1, 1);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().what, testing::HasSubstr("Address already in use"));
  EXPECT_TRUE(fs::is_socket(in("socket")));
}

class FailedReload : public testing::Test, protected test::TempFolder {};

TEST_F(FailedReload, ChangesNothing) {
  Loop loop;
  const auto interception = std::make_shared<Interception>();
  auto engine =
      std::move(*Engine::start(loop, on_socket(in("socket")), {.interception = interception}));
  ASSERT_FALSE(interception->names_wanted());
  const auto proxy = [&](const std::string& password) {
    return on_socket(in("socket"),
                     "[[listener]]\nname = \"p\"\nlisten = \"127.0.0.1:0\"\n"
                     "protocol = \"proxy\"\nusername = \"u\"\npassword_file = \"" +
                         in(password) + "\"\n");
  };
  EXPECT_FALSE(engine->reload(proxy("missing")));
  EXPECT_FALSE(interception->names_wanted());
  EXPECT_EQ(engine->listener_count(), 1U);
  write("password", "secret\n");
  EXPECT_TRUE(engine->reload(proxy("password")));
  EXPECT_TRUE(interception->names_wanted());
  engine->stop();
}

}  // namespace
}  // namespace brownout::proxy
