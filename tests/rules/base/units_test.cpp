#include "rules/base/units.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rules/base/terminal_text.h"
#include "rules/base/utf8.h"

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;

TEST(Units, ParsesDurations) {
  EXPECT_EQ(*parse_duration("300ms"), 300ms);
  EXPECT_EQ(*parse_duration("1.5 s"), 1500ms);
  EXPECT_EQ(*parse_duration("1m30s"), 90s);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  EXPECT_EQ(*parse_duration("10us"), 10us);
  EXPECT_EQ(*parse_duration("7ns"), 7ns);
  EXPECT_EQ(*parse_duration("0"), 0s);
}

TEST(Units, DurationArithmeticSaturates) {
  constexpr auto kMost = Duration::max();
  EXPECT_EQ(sum(1s, 2s), 3s);
  EXPECT_EQ(sum(kMost, 1ns), kMost);
  EXPECT_EQ(sum(kMost - 1ns, 1ns), kMost);
  EXPECT_EQ(times(700000h, 4), kMost);
  EXPECT_EQ(times(2s, 4), 8s);
  EXPECT_EQ(times(kMost, 0), 0s);
  SummedDelay delay;
  for (int i = 0; i < 4; ++i) delay += 2000000h;
  EXPECT_EQ(delay, kMost);
  EXPECT_EQ(later(Instant(1s), delay), kNever);
  EXPECT_EQ(rounded(1e30), kMost);
  EXPECT_EQ(rounded(-1), 0s);
  EXPECT_EQ(rounded(NAN), 0s);
  EXPECT_EQ(rounded(1.5e9), 1500ms);
}

TEST(Units, RejectsInvalidDurations) {
  for (const auto* text : {"", "ms", "300", "-5ms", "3 parsecs", "30s1m", "1s1s", "1e3ms", "nan s",
                           "inf s", "99999999999h", "5ms,"}) {
    const auto result = parse_duration(text);
    ASSERT_FALSE(result) << text;
    EXPECT_FALSE(result.error().what.empty());
    EXPECT_FALSE(result.error().hint.empty()) << text;
  }
}

TEST(Units, ParsesRatesInBitsAndInDecimalOrBinaryBytes) {
  EXPECT_EQ(parse_rate("1.5 Mbit/s")->bits_per_second, 1'500'000);
  EXPECT_EQ(parse_rate("200 KB/s")->bits_per_second, 1'600'000);
  EXPECT_EQ(parse_rate("64 KiB/s")->bits_per_second, 64 * 1024 * 8);
  EXPECT_FALSE(parse_rate("10 MB"));
}

TEST(Units, ParsesSizesAndPercentages) {
  EXPECT_EQ(parse_bytes("64 KiB")->count, 65536);
  EXPECT_EQ(parse_bytes("1 MB")->count, 1'000'000);
  EXPECT_FALSE(parse_bytes("1 Mbit"));
  EXPECT_EQ(parse_ratio("20%")->parts_per_billion, 200'000'000);
  EXPECT_EQ(parse_ratio("0.0001%")->parts_per_billion, 1000);
  EXPECT_FALSE(parse_ratio("101%"));
  EXPECT_FALSE(parse_ratio("20"));
}

TEST(Units, PrintedValuesParseBackToTheSameValue) {
  for (const std::int64_t n : {0LL, 1LL, 999LL, 1000LL, 1024LL, 1500LL, 1'500'000LL, 65'536LL,
                               123'456'789LL, 3'600'000'000'000LL, 5'400'000'000'000LL}) {
    EXPECT_EQ(parse_duration(to_text(Duration(n)))->count(), n) << to_text(Duration(n));
    EXPECT_EQ(parse_bytes(to_text(Bytes{n}))->count, n) << to_text(Bytes{n});
    EXPECT_EQ(parse_rate(to_text(Rate{n}))->bits_per_second, n) << to_text(Rate{n});
  }
  EXPECT_EQ(to_text(Duration(1500ms)), "1.5s");
  EXPECT_EQ(to_text(Rate{1'500'000}), "1.5 Mbit/s");
  EXPECT_EQ(to_text(Ratio::of(0.2)), "20%");
}

TEST(Units, TimeForIsExactAndSaturates) {
  EXPECT_EQ(time_for({1000}, {8'000}), 1s);
  EXPECT_EQ(time_for({1}, {0}), Duration::max());
  EXPECT_EQ(time_for({INT64_MAX}, {1}), Duration::max());
}

TEST(Units, ParsesFrequenciesAndMultiples) {
  EXPECT_DOUBLE_EQ(parse_frequency("200/s")->per_second, 200);
  EXPECT_DOUBLE_EQ(parse_frequency("30 /m")->per_second, 0.5);
  EXPECT_EQ(to_text(*parse_frequency("7200/h")), "2/s");
  EXPECT_DOUBLE_EQ(parse_multiple("1.5x")->times, 1.5);
  EXPECT_EQ(to_text(*parse_multiple("3x")), "3x");
  for (const auto* bad : {"", "200", "/s", "0/s", "-1/s", "1/d", "1/s x"}) {
    EXPECT_FALSE(parse_frequency(bad)) << bad;
  }
  for (const auto* bad : {"", "3", "x", "-1x", "3xx"}) EXPECT_FALSE(parse_multiple(bad)) << bad;
}

TEST(Printable, ReplacesInvalidBytesAndControlCharacters) {
  EXPECT_EQ(printable("a\nb\x7f"), "a b ");
  EXPECT_EQ(printable("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
            "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(printable("\xff\xc3"), "??");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");
}

TEST(Printable, ReplacesEscapeSequencesAndDirectionMarks) {
  EXPECT_EQ(printable("\x1b]0;owned\x07"), " ]0;owned ");
  // A C1 control character, and characters that change the writing direction.
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            " 31m");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "txt.exe"),
            " txt.exe");
  EXPECT_EQ(printable("\xe2\x81\xa6"), " ");
  EXPECT_EQ(printable("\xc2\xa0\xe2\x80\x94"), "\xc2\xa0\xe2\x80\x94");
}

TEST(Printable, IsUtf8DetectsInvalidSequences) {
  EXPECT_TRUE(is_utf8("\xe2\x82\xac"));
  for (const auto* bad : {"\xff", "\xe2\x82", "\xc0\xaf", "a\x80"}) EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace brownout::rules
