// Tests reading files named by users without blocking the process, which serves traffic.
#include "proxy/loop/read_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "proxy/control/admin.h"
#include "proxy/net/password_file.h"
#include "tests/support/temp_folder.h"

namespace brownout::proxy {
namespace {

using testing::HasSubstr;

class ReadFile : public testing::Test, protected test::TempFolder {};

TEST_F(ReadFile, RejectsAPipeInsteadOfWaitingForIt) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  const auto text = read_regular(in("pipe"));
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().what, HasSubstr("not a regular file"));
  EXPECT_FALSE(is_regular(in("pipe")));
  EXPECT_FALSE(read_password(in("pipe")));
  EXPECT_THAT(read_token(in("pipe")).error().what, HasSubstr("not a regular file"));
}

TEST_F(ReadFile, ReportsMissingFilesFoldersAndFilesThatAreTooLarge) {
  EXPECT_THAT(read_regular(in("nowhere")).error().what, HasSubstr("No such file"));
  EXPECT_THAT(read_regular(in("")).error().what, HasSubstr("Is a directory"));
  EXPECT_THAT(read_once(in("")).error().what, HasSubstr("Is a directory"));
  EXPECT_THAT(read_once("/dev/zero").error().what, HasSubstr("larger than 64 MiB"));
  write("password", "secret\nmore");
  EXPECT_EQ(read_password(in("password")), "secret");
  write("token", "0123456789abcdef\nmore");
  EXPECT_EQ(read_token(in("token")), "0123456789abcdef");
  EXPECT_FALSE(read_token(in("password"))) << "the token is too short";
}

}  // namespace
}  // namespace brownout::proxy
