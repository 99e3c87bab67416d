// Tests zone files in the master file format (RFC 1035, 5.1) with BIND's extensions.
#include "proxy/formats/zone_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/dns_lab.h"

namespace brownout::codecs {
namespace {

using namespace rules;
using testing::HasSubstr;
using testing::Not;

// File contents by path. The rule file is in the folder "conf".
using Files = std::map<std::string, std::string>;

Includes includes_of(const Files& files) {
  return {"conf/rules.toml", [files](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found != files.end()) return found->second;
            return config_error("cannot read the file: No such file or directory");
          }};
}

Config zone_of(const std::vector<std::string>& lines) {
  Config config;
  config.zones.emplace_back().name = "z";
  unsigned number = 10;
  for (const auto& line : lines) config.zones[0].lines.push_back({line, {number++, 3}});
  return config;
}

// The records, one per line ("chat.lab 60 A"), or the errors ("11: ...").
std::string read_zone(const std::vector<std::string>& lines, const Includes& includes = {}) {
  auto config = zone_of(lines);
  std::string text;
  for (const auto& problem : read_zones(config, includes).sorted()) {
    text += std::to_string(problem.where.line) + ": " + problem.what + " (" + problem.hint + ")\n";
  }
  if (!text.empty()) return text;
  for (const auto& record : config.zones[0].records) {
    text += record.name + " " + std::to_string(record.ttl) + " " + to_text(record.type) + "\n";
  }
  return text;
}

// The zone's answer to a query.
std::string ask_zone(const std::vector<std::string>& lines, const std::string& name,
                     DnsType type = DnsType::kA) {
  auto config = zone_of(lines);
  if (!read_zones(config).empty()) return "(mistakes)";
  const auto reply = DnsZone(config.zones[0].records).answer({name, type, 1});
  return reply ? test::to_text(*reply) : "(unknown)";
}

TEST(ZoneFile, RelativeNamesAreBelowTheOrigin) {
  const std::vector<std::string> lines = {
      "$ORIGIN example.org.",        "@ 60 IN A 192.0.2.1", "www 60 IN CNAME chat",
      "chat 60 IN A 192.0.2.2",      "$ORIGIN eu",          "chat 60 IN A 192.0.2.3",
      "other.lab. 60 IN A 192.0.2.4"};
  EXPECT_EQ(ask_zone(lines, "example.org"), "NOERROR 192.0.2.1/60");
  EXPECT_EQ(ask_zone(lines, "www.example.org"), "NOERROR CNAME/60 192.0.2.2/60");
  EXPECT_EQ(ask_zone(lines, "chat.eu.example.org"), "NOERROR 192.0.2.3/60");
  EXPECT_EQ(ask_zone(lines, "other.lab"), "NOERROR 192.0.2.4/60");
  // Without an origin, names are absolute.
  EXPECT_EQ(ask_zone({"chat.lab 60 IN A 192.0.2.1"}, "chat.lab"), "NOERROR 192.0.2.1/60");
}

TEST(ZoneFile, ALineThatBeginsWithABlankHasThePreviousName) {
  EXPECT_EQ(read_zone({"first.lab. 60 IN A 192.0.2.1", "  60 IN TXT x", "", "; a comment",
                       "\tIN A 192.0.2.2", "other.lab. 60 IN A 192.0.2.3"}),
            "first.lab 60 A\nfirst.lab 60 TXT\nfirst.lab 60 A\nother.lab 60 A\n");
  EXPECT_NE(read_zone({" 60 IN A 192.0.2.1"}).find("10: "), std::string::npos);
}

TEST(ZoneFile, TtlAndClassAreOptionalInAnyOrder) {
  EXPECT_EQ(read_zone({"a.lab. IN 30 A 192.0.2.1", "b.lab. 40 IN A 192.0.2.1", "c.lab. A 192.0.2.1",
                       "d.lab. in 1h30m a 192.0.2.1", "$TTL 2d", "e.lab. IN A 192.0.2.1",
                       "f.lab. 5 A 192.0.2.1", "g.lab. A 192.0.2.1"}),
            "a.lab 30 A\nb.lab 40 A\nc.lab 40 A\nd.lab 5400 A\ne.lab 172800 A\nf.lab 5 A\n"
            "g.lab 172800 A\n");
  EXPECT_EQ(read_zone({"a.lab. A 192.0.2.1"}), "a.lab 60 A\n");
  EXPECT_NE(
      read_zone({"a.lab. 2147483648 IN A 192.0.2.1"}).find("is more than the longest possible TTL"),
      std::string::npos);
  EXPECT_NE(read_zone({"a.lab. 99999999999999999999w IN A 192.0.2.1"})
                .find("is more than the longest possible TTL"),
            std::string::npos);
  EXPECT_NE(read_zone({"$TTL soon"}).find("not a time to live"), std::string::npos);
}

TEST(ZoneFile, ReadsParenthesesCommentsAndQuotes) {
  EXPECT_EQ(read_zone({"$ORIGIN lab.", "@ IN SOA ns admin (", "  1 ; serial", "  2 3 4", "  5 )",
                       "t 60 IN TXT \"a ; b ( c\" plain\\;x ; a comment )"}),
            "lab 60 SOA\nt.lab 60 TXT\n");
  // A string of `records` may contain several lines.
  EXPECT_EQ(read_zone({"$ORIGIN lab.\na 60 IN A 192.0.2.1\n  IN A 192.0.2.2\n"}),
            "a.lab 60 A\na.lab 60 A\n");
}

TEST(ZoneFile, ErrorsHaveALineAndAHint) {
  EXPECT_EQ(read_zone({"a.lab. 60 IN A 192.0.2.1", "$INCLUDE other.zone"}),
            "11: records: \"$INCLUDE other.zone\": $INCLUDE is not possible in this context, "
            "because no files can be read (copy the lines of the included file into `records`)\n");
  EXPECT_NE(read_zone({"$ORIGN lab."}).find("allowed: $ORIGIN, $TTL, $INCLUDE and $GENERATE"),
            std::string::npos);
  EXPECT_THAT(read_zone({std::string("a.lab. 60 IN A 192.0.2.1\0", 25)}), HasSubstr("NUL"));
  EXPECT_NE(read_zone({"$ORIGIN"}).find("one word"), std::string::npos);
  EXPECT_NE(read_zone({"$ORIGIN a..b."}).find("not a domain name"), std::string::npos);
  EXPECT_NE(read_zone({"x", "@ IN SOA ns admin ( 1 2"}).find("11: "), std::string::npos);
  EXPECT_NE(read_zone({"@ IN SOA ns admin ( 1 2", "3"}).find("10: "), std::string::npos);
  EXPECT_NE(read_zone({"a.lab. 60 IN TXT \"x"}).find("quotation mark"), std::string::npos);
  EXPECT_NE(
      read_zone({"a.lab. 60 IN A 192.0.2.1 )"}).find("a \")\" has no matching \"(\" before it"),
      std::string::npos);
  EXPECT_NE(read_zone({"a.lab. 60 IN A 192.0.2.1\nb.lab. 60 IN A 192.0.2.300"}).find("line 2: "),
            std::string::npos);
  // The data is too large for a record.
  const auto strings = [](int count) {
    std::string text = "a.lab. 60 IN TXT";
    for (int i = 0; i < count; ++i) text += " x";
    return text;
  };
  EXPECT_THAT(read_zone({"b.lab. 60 IN A 192.0.2.1", strings(70'000)}),
              testing::AllOf(testing::StartsWith("11: "), HasSubstr("more than 65535 characters")));
  EXPECT_EQ(read_zone({strings(300)}), "a.lab 60 TXT\n");
  std::string generic = "a.lab. 60 IN TYPE65534 \\# 40000 ";
  EXPECT_THAT(read_zone({generic + std::string(80'000, '0')}), testing::StartsWith("10: "));
  // The error message stays short even for a long line.
  EXPECT_LT(read_zone({"a.lab. 60 IN A " + std::string(100'000, 'x')}).size(), 400U);
}

TEST(ZoneFile, AnAliasCanHaveNoOtherRecord) {
  const std::string address = "a.lab. 60 IN A 192.0.2.1";
  const std::string alias = "a.lab. 60 IN CNAME b.lab.";
  EXPECT_THAT(read_zone({address, alias}), HasSubstr("11: "));
  EXPECT_THAT(read_zone({alias, "A.lab. 60 IN TXT x"}), HasSubstr("can have no other record"));
  EXPECT_THAT(read_zone({alias, "a.lab. 60 IN CNAME c.lab."}), HasSubstr("another CNAME"));
  EXPECT_EQ(read_zone({alias, alias}), "a.lab 60 CNAME\na.lab 60 CNAME\n");
  EXPECT_EQ(read_zone({alias, "a.lab. 60 IN NSEC b.lab. CNAME"}),
            "a.lab 60 CNAME\na.lab 60 NSEC\n");
  EXPECT_EQ(read_zone({alias, "a.lab. 60 CH TXT x"}), "a.lab 60 CNAME\na.lab 60 TXT\n");
}

TEST(ZoneFile, NamesIgnoreCaseAndCanHaveEscapes) {
  EXPECT_EQ(ask_zone({"ChAt.LAB. 60 IN A 192.0.2.1"}, "chat.lab"), "NOERROR 192.0.2.1/60");
  EXPECT_EQ(
      ask_zone({"www.lab. 60 IN CNAME A\\.b.LAB.", "a\\.b.lab. 60 IN A 192.0.2.1"}, "www.lab"),
      "NOERROR CNAME/60 192.0.2.1/60");
}

TEST(ZoneFile, GenerateMakesARecordForEachNumber) {
  EXPECT_EQ(read_zone({"$ORIGIN lab.", "$TTL 5", "$GENERATE 8-10 h$ A 192.0.2.$"}),
            "h8.lab 5 A\nh9.lab 5 A\nh10.lab 5 A\n");
  EXPECT_EQ(read_zone({"$GENERATE 0-10/5 h$.lab. 30 IN A 192.0.2.$"}),
            "h0.lab 30 A\nh5.lab 30 A\nh10.lab 30 A\n");
  EXPECT_EQ(read_zone({"$GENERATE 7-7 h$.lab. IN 30 A 192.0.2.$ ; a comment"}), "h7.lab 30 A\n");
  EXPECT_EQ(ask_zone({"$ORIGIN 2.0.192.in-addr.arpa.", "$GENERATE 1-2 $ CNAME $.0/25"},
                     "2.2.0.192.in-addr.arpa"),
            "NOERROR CNAME/60");
  // As in BIND, data of several words must be quoted as one word.
  EXPECT_EQ(read_zone({"$GENERATE 1-2 h$.lab. MX \"10 mail$.lab.\""}),
            "h1.lab 60 MX\nh2.lab 60 MX\n");
  EXPECT_EQ(read_zone({"$GENERATE 1-2 h$.lab. TXT \"\\\"host $\\\"\""}),
            "h1.lab 60 TXT\nh2.lab 60 TXT\n");
  // A line without a name uses the name before $GENERATE. Generated names are not used.
  EXPECT_EQ(read_zone({"a.lab. A 192.0.2.1", "$GENERATE 1-1 h$.lab. 9 A 192.0.2.$", " TXT x"}),
            "a.lab 60 A\nh1.lab 9 A\na.lab 9 TXT\n");
}

TEST(ZoneFile, TheDollarSignOfGenerateHasModifiers) {
  const auto name = [](const std::string& owner, const std::string& range = "26-26") {
    const auto text = read_zone({"$GENERATE " + range + " " + owner + " A 192.0.2.1"});
    return text.substr(0, text.find(" 60 A\n"));
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"$", "26"},
      {"a$b$", "a26b26"},
      {"${0}", "26"},
      {"${1}-$", "27-26"},
      {"${-20}", "6"},
      {"${+4}", "30"},
      {"${-20,3,d}", "006"},
      {"${-30}", "-4"},
      {"${-30,4}", "-004"},
      {"${0,1}", "26"},
      {"${0,4}", "0026"},
      {"${0,0,d}", "26"},
      {"${0,4,o}", "0032"},
      {"${0,0,x}", "1a"},
      {"${0,4,x}", "001a"},
      {"${0,4,X}", "001A"},
      {"${0,0,n}", "a.1"},
      {"${0,3,n}", "a.1"},
      {"${0,7,n}.z", "a.1.0.0.z"},
      {"${0,6,n}z", "a.1.0.z"},  // the width counts the label separators
      {"${0,3,N}", "A.1"},
      {"a\\$", "a$"},
      {"a$$", "a$"},
      {"$$$", "$26"},
      {"{0}$", "{0}26"},
      {"\\097$", "a26"},
  };
  for (const auto& [owner, expected] : cases) EXPECT_EQ(name(owner), expected) << owner;
  EXPECT_EQ(name("h$", "0-0"), "h0");
  EXPECT_EQ(name("${0,0,n}", "0-0"), "0");
}

TEST(ZoneFile, AnErrorInGenerateIsReportedOnce) {
  const auto mistake = [](const std::string& words) { return read_zone({"$GENERATE " + words}); };
  EXPECT_THAT(mistake(""), HasSubstr("the range of $GENERATE has no \"-\""));
  EXPECT_THAT(mistake("x $ A 192.0.2.1"), HasSubstr("the range of $GENERATE has no \"-\""));
  EXPECT_THAT(mistake("1-x $ A 192.0.2.1"),
              HasSubstr("has a number that is not from 0 to 2147483647"));
  EXPECT_THAT(mistake("1-2147483648 $ A 192.0.2.1"),
              HasSubstr("has a number that is not from 0 to 2147483647"));
  EXPECT_THAT(mistake("1/2-3 $ A 192.0.2.1"),
              HasSubstr("has a number that is not from 0 to 2147483647"));
  EXPECT_THAT(mistake("2-1 $ A 192.0.2.1"), HasSubstr("ends before it begins"));
  EXPECT_THAT(mistake("1-2/0 $ A 192.0.2.1"), HasSubstr("step of 0"));
  EXPECT_THAT(mistake("1-2 $ A"), HasSubstr("a name, a type and one word of data"));
  EXPECT_THAT(mistake("1-2 $ MX 10 a."), HasSubstr("one word of data"));
  EXPECT_THAT(mistake("1-2 $ 99999999999 A 192.0.2.1"),
              HasSubstr("more than the longest possible TTL"));
  for (const auto* modifier : {"${}", "${x}", "${0", "${0,}", "${0,1,}", "${0,128}", "${0,1,q}",
                               "${0,1,dd}", "${0,1,d,}", "${2147483648}", "${-}", "${0,-1}"}) {
    EXPECT_THAT(mistake("1-2 h" + std::string(modifier) + " A 192.0.2.1"),
                HasSubstr("for 1: the modifier in braces after $ is not valid"))
        << modifier;
  }
  EXPECT_THAT(mistake("1-2 ${2147483647} A 192.0.2.1"), HasSubstr("larger than 2147483647"));
  EXPECT_THAT(mistake("1-2 ${-2,0,x} A 192.0.2.1"),
              HasSubstr("for 1: with the offset, a number is below zero"));
  EXPECT_EQ(mistake("254-65000 h$.lab. A 192.0.2.$"),
            "10: records: \"$GENERATE 254-65000 h$.lab. A 192.0.2.$\": for 256: \"h256.lab. A "
            "192.0.2.256\": Syntax error, could not parse the RR's rdata (e.g. "
            "\"chat.example.org. 60 IN A 192.0.2.1\", as in a zone file)\n");
  EXPECT_THAT(mistake("1-9 a..$ A 192.0.2.1"), HasSubstr("for 1: \"a..1\" is not a domain name"));
}

TEST(ZoneFile, GenerateIsLimited) {
  Config config = zone_of({"$GENERATE 0-65535 h$ A 192.0.2.1"});
  EXPECT_TRUE(read_zones(config).empty());
  EXPECT_EQ(config.zones[0].records.size(), 65'536U);
  EXPECT_THAT(read_zone({"$GENERATE 0-65536 h$ A 192.0.2.1"}),
              HasSubstr("more than 65536 records in all zones together"));
  EXPECT_THAT(read_zone({"$GENERATE 0-2147483647 h$ A 192.0.2.1"}), HasSubstr("more than 65536"));
  config = zone_of({"$GENERATE 1-65536 h$ A 192.0.2.1"});
  config.zones.push_back(config.zones[0]);
  EXPECT_EQ(read_zones(config).size(), 1U);
  EXPECT_EQ(read_zone({"$GENERATE 0-2147483647/2147483647 h$ A 192.0.2.1"}),
            "h0 60 A\nh2147483647 60 A\n");
  // A limit on the generated text stops long words, and the error message stays short.
  const std::string text(100'000, 'x');
  EXPECT_THAT(read_zone({"$GENERATE 0-9999 h$ TXT " + text}), Not(HasSubstr(text)));
}

TEST(ZoneFile, IncludeReadsAFile) {
  const Files files = {{"conf/hosts.zone", "a 60 IN A 192.0.2.1\n  TXT x\n"},
                       {"conf/sub/deep.zone", "c A 192.0.2.3\n$INCLUDE \"more hosts.zone\"\n"},
                       {"conf/sub/more hosts.zone", "d A 192.0.2.4"},
                       {"/etc/zones/far.zone", "e A 192.0.2.5\n"},
                       {"up.zone", "f A 192.0.2.6 ; a comment\r\n"}};
  const auto includes = includes_of(files);
  EXPECT_EQ(read_zone({"$ORIGIN lab.", "$INCLUDE hosts.zone", "$include ./sub/deep.zone",
                       "$INCLUDE /etc/zones/far.zone ; of others", "$INCLUDE ../up.zone",
                       "g A 192.0.2.7"},
                      includes),
            "a.lab 60 A\na.lab 60 TXT\nc.lab 60 A\nd.lab 60 A\ne.lab 60 A\nf.lab 60 A\n"
            "g.lab 60 A\n");
  EXPECT_EQ(read_zone({"$ORIGIN lab.", "$INCLUDE hosts.zone eu", "$INCLUDE hosts.zone us.test.",
                       "b A 192.0.2.2"},
                      includes),
            "a.eu.lab 60 A\na.eu.lab 60 TXT\na.us.test 60 A\na.us.test 60 TXT\nb.lab 60 A\n");
}

// $INCLUDE restores the origin as in RFC 1035, 5.1, and the name as in BIND. It does not restore
// the TTL.
TEST(ZoneFile, AfterAnIncludeTheOriginAndTheNameAreRestored) {
  const Files files = {{"conf/own.zone", " TXT first\n$ORIGIN other.test.\nb A 192.0.2.2\n"},
                       {"conf/ttl.zone", "$TTL 7\nc A 192.0.2.3\n"},
                       {"conf/last.zone", "d 8 A 192.0.2.4\n"},
                       {"conf/none.zone", ""}};
  const auto includes = includes_of(files);
  EXPECT_EQ(read_zone({"$ORIGIN lab.", "a A 192.0.2.1", "$INCLUDE own.zone", " TXT x", "e TXT y"},
                      includes),
            "a.lab 60 A\na.lab 60 TXT\nb.other.test 60 A\na.lab 60 TXT\ne.lab 60 TXT\n");
  EXPECT_EQ(read_zone({"a A 192.0.2.1", "$INCLUDE ttl.zone", "b A 192.0.2.1"}, includes),
            "a 60 A\nc 7 A\nb 7 A\n");
  EXPECT_EQ(read_zone({"a A 192.0.2.1", "$INCLUDE last.zone", "b A 192.0.2.1"}, includes),
            "a 60 A\nd 8 A\nb 8 A\n");
  EXPECT_EQ(read_zone({"$INCLUDE none.zone", "a A 192.0.2.1"}, includes), "a 60 A\n");
  // Names in an included file do not apply to later lines of the including file, even if the
  // including file has given no name yet.
  EXPECT_THAT(read_zone({"$INCLUDE last.zone", " TXT x"}, includes), HasSubstr("11: "));
}

TEST(ZoneFile, AnErrorInAnIncludedFileHasItsFileAndLine) {
  const Files files = {{"conf/bad.zone", "a A 192.0.2.1\n\nb A 192.0.2.300\n( c\n"},
                       {"conf/outer.zone", "\n$INCLUDE bad.zone\n"},
                       {"conf/binary.zone", "\x01\xff\x1b[31m A 192.0.2.1\n"},
                       {"conf/hollow.zone", "$INCLUDE nowhere/gone.zone\n"}};
  const auto includes = includes_of(files);
  const auto said = read_zone({"x A 192.0.2.1", "$INCLUDE outer.zone"}, includes);
  EXPECT_THAT(said, HasSubstr("11: records: conf/bad.zone:3: \"b A 192.0.2.300\": "));
  EXPECT_THAT(
      said,
      HasSubstr("11: records: conf/bad.zone:4: \"  c  \": a parenthesis \"(\" is not closed"));
  EXPECT_EQ(read_zone({"$INCLUDE hollow.zone"}, includes),
            "10: records: conf/hollow.zone:1: \"$INCLUDE nowhere/gone.zone\": "
            "conf/nowhere/gone.zone: cannot read the file: No such file or directory (check the "
            "path: a relative path begins in the folder of the file that includes it)\n");
  EXPECT_THAT(read_zone({"$INCLUDE binary.zone"}, includes), Not(HasSubstr("\x1b")));
  EXPECT_THAT(read_zone({"$INCLUDE"}, includes), HasSubstr("$INCLUDE takes a file"));
  EXPECT_THAT(read_zone({"$INCLUDE \"\""}, includes), HasSubstr("$INCLUDE takes a file"));
  EXPECT_THAT(read_zone({"$INCLUDE bad.zone lab. x"}, includes),
              HasSubstr("and, optionally, an origin"));
  EXPECT_THAT(read_zone({"$INCLUDE bad.zone a..b"}, includes), HasSubstr("not a domain name"));
}

TEST(ZoneFile, IncludesAreLimited) {
  Files files = {{"conf/a.zone", "$INCLUDE sub/b.zone\n"},
                 {"conf/sub/b.zone", "$INCLUDE .././a.zone\n"},
                 {"conf/self.zone", "$INCLUDE self.zone"},
                 {"conf/empty.zone", ""},
                 {"conf/large.zone", std::string(std::size_t{1} << 20, ';')}};
  for (int i = 1; i <= 9; ++i) {
    files["conf/" + std::to_string(i)] = "$INCLUDE " + std::to_string(i + 1) + "\n";
  }
  files["conf/10"] = "a A 192.0.2.1";
  EXPECT_THAT(read_zone({"$INCLUDE a.zone"}, includes_of(files)),
              HasSubstr("conf/sub/b.zone:1: \"$INCLUDE .././a.zone\": the files include each other "
                        "in a circle: conf/a.zone -> conf/sub/b.zone -> conf/a.zone"));
  EXPECT_THAT(read_zone({"$INCLUDE self.zone"}, includes_of(files)), HasSubstr("in a circle"));
  EXPECT_EQ(read_zone({"$INCLUDE 3"}, includes_of(files)), "a 60 A\n");
  EXPECT_THAT(read_zone({"$INCLUDE 2"}, includes_of(files)),
              HasSubstr("conf/9:1: \"$INCLUDE 10\": $INCLUDE is nested more than 8 levels deep"));
  // A file may be included several times in a row. This is not a cycle.
  std::vector<std::string> lines(256, "$INCLUDE empty.zone");
  EXPECT_EQ(read_zone(lines, includes_of(files)), "");
  lines.emplace_back("$INCLUDE empty.zone");
  EXPECT_THAT(read_zone(lines, includes_of(files)), HasSubstr("266: records: \"$INCLUDE empty.zone"
                                                              "\": more than 256 files"));
  lines.assign(65, "$INCLUDE large.zone");
  EXPECT_THAT(read_zone(lines, includes_of(files)), HasSubstr("74: records: \"$INCLUDE large.zone"
                                                              "\": zones are larger than 64 MiB"));
}

}  // namespace
}  // namespace brownout::codecs
