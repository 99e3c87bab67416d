// Tests temporary folders: where they are made, that they go, and the error without a place.
#include "proxy/loop/temp_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace brownout::proxy {
namespace {

namespace fs = std::filesystem;

// Sets TMPDIR, and restores it at the end.
class TempPlace {
 public:
  explicit TempPlace(const std::string& path) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    setenv("TMPDIR", path.c_str(), 1);
  }
  ~TempPlace() { before_.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", before_.c_str(), 1); }
  TempPlace(const TempPlace&) = delete;
  TempPlace& operator=(const TempPlace&) = delete;

 private:
  std::string before_;
};

TEST(TempFolder, GoesWithItsContentUnlessItIsKept) {
  auto folder = TempFolder::make("brownout-a", "a test");
  ASSERT_TRUE(folder);
  const auto path = folder->path();
  std::ofstream(path + "/file") << "text";
  auto moved = std::move(*folder);
  EXPECT_EQ(moved.path(), path);
  EXPECT_TRUE(fs::exists(path + "/file"));
  moved = TempFolder();
  EXPECT_TRUE(moved.path().empty());
  EXPECT_FALSE(fs::exists(path));
  const auto kept = TempFolder::make("brownout-b", "a test")->keep();
  EXPECT_TRUE(fs::exists(kept));
  fs::remove(kept);
}

TEST(TempFolder, NamesThePlaceInItsError) {
  const TempPlace place("/nonexistent");
  const auto folder = TempFolder::make("brownout-a", "a test");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().what,
            "cannot make a folder in /nonexistent for a test: No such file or directory");
  EXPECT_THAT(folder.error().hint, testing::HasSubstr("set TMPDIR"));
}

}  // namespace
}  // namespace brownout::proxy
