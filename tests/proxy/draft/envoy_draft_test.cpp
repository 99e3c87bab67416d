#include <gmock/gmock.h>

#include "proxy/draft/sources.h"
#include "tests/support/draft_checks.h"

namespace brownout::draft {
namespace {

using test::text_or_error;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string from_envoy(const std::string& text, const Place& place = {}) {
  return text_or_error(draft_of_envoy(text, place));
}

// A fault filter with these fields, each indented by two blanks.
std::string filter(const std::string& fields) {
  return "name: envoy.filters.http.fault\ntyped_config:\n"
         "  \"@type\": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault\n" +
         fields;
}

constexpr const char* kWhole = R"(
static_resources:
  listeners:
  - name: ingress
    address: { socket_address: { address: 0.0.0.0, port_value: 10000 } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          route_config:
            virtual_hosts:
            - name: all
              routes:
              - match: { prefix: "/slow" }
                route: { cluster: backend }
                typed_per_filter_config:
                  envoy.filters.http.fault:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
                    delay: { fixed_delay: 2s, percentage: { numerator: 100 } }
          http_filters:
          - name: envoy.filters.http.fault
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
              max_active_faults: 10
              abort:
                http_status: 503
                percentage: { numerator: 5, denominator: TEN_THOUSAND }
              response_rate_limit:
                fixed_limit: { limit_kbps: 64 }
                percentage: { numerator: 50 }
  clusters:
  - name: backend
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 10.0.0.1, port_value: 8080 } } }
        - endpoint: { address: { socket_address: { address: app.example, port_value: 8080 } } }
)";

TEST(EnvoyFile, BecomesListenersAndRules) {
  const auto text = from_envoy(kWhole);
  EXPECT_THAT(text, HasSubstr("name = \"ingress\"\nprotocol = \"http\""));
  EXPECT_THAT(text, HasSubstr("listen = \"0.0.0.0:10000\""));
  EXPECT_THAT(text, HasSubstr("upstream = [\"10.0.0.1:8080\", \"app.example:8080\"]"));
  EXPECT_THAT(text, HasSubstr("match = { listener = \"ingress\", path = \"/slow*\" }\n"
                              "fault = { type = \"delay\", delay = \"2s\" }"));
  EXPECT_THAT(text, HasSubstr("probability = \"0.05%\"\nper = \"request\"\nmax_active_faults = 10\n"
                              "fault = { type = \"abort\", status = 503 }"));
  EXPECT_THAT(text, HasSubstr("fault = { type = \"response_rate\", rate = \"64 KiB/s\" }"));
  EXPECT_EQ(rules::load_toml(text)->rules.size(), 3U);
}

TEST(EnvoyFile, MayBeAFilterAlone) {
  const auto text = from_envoy(filter("  abort: {httpStatus: 404, percentage: {numerator: 20}}\n"),
                               {"127.0.0.1:7", {"127.0.0.1:8"}, ""});
  EXPECT_THAT(text, HasSubstr("listen = \"127.0.0.1:7\""));
  EXPECT_THAT(text, HasSubstr("status = 404"));
  EXPECT_THAT(text, Not(HasSubstr("Change `listen`")));
  EXPECT_THAT(from_envoy(filter("  delay: {fixed_delay: 0.25s, percentage: {numerator: 1}}\n")),
              HasSubstr("Change `listen`"));
}

TEST(EnvoyFile, MatchesHeaders) {
  const auto text = from_envoy(filter(R"(  abort: {http_status: 500, percentage: {numerator: 100}}
  headers:
  - {name: ":path", string_match: {prefix: /v1/}}
  - {name: ":method", string_match: {exact: POST}}
  - {name: X-User, string_match: {exact: "a*b"}}
  - {name: x-tester, present_match: true}
)"));
  EXPECT_THAT(text, HasSubstr(R"(path = "/v1/*", method = "POST")"));
  EXPECT_THAT(text, HasSubstr(R"("x-user" = "~^a\\*b$", "x-tester" = "*")"));
}

TEST(EnvoyFile, InvertsMatches) {
  const auto with = [](const std::string& headers) {
    return from_envoy(filter(
        "  abort: {http_status: 500, percentage: {numerator: 100}}\n  headers:\n" + headers));
  };
  EXPECT_THAT(with("  - {name: x-user, invert_match: true, string_match: {exact: a}}\n"),
              HasSubstr("match = { not = { header = { \"x-user\" = \"a\" } } }"));
  EXPECT_THAT(
      with("  - {name: \":path\", invert_match: true, string_match: {prefix: /health}}\n"
           "  - {name: X-Test, present_match: false}\n"),
      HasSubstr("match = { not = [{ path = \"/health*\" }, { header = { \"x-test\" = \"*\" } "
                "}] }"));
}

TEST(EnvoyFile, SwitchesOffWhatWouldActOnMore) {
  const auto text = from_envoy(filter(R"(  abort: {http_status: 500, percentage: {numerator: 100}}
  headers:
  - {name: ":scheme", string_match: {exact: https}}
)"));
  EXPECT_THAT(text, HasSubstr("a rule cannot\n# express header :scheme."));
  EXPECT_THAT(text, HasSubstr("\n#[[rule]]"));
  EXPECT_THAT(from_envoy(filter("  abort: {http_status: 500}\n")),
              HasSubstr("# Envoy never injects this fault: its percentage is 0 or missing."));
  EXPECT_THAT(from_envoy(filter("  abort: {grpc_status: 14, percentage: {numerator: 100}}\n")),
              HasSubstr("\n[[rule]]"));
}

TEST(EnvoyFile, KnowsFaultsThatClientsChoose) {
  EXPECT_THAT(
      from_envoy(filter("  delay: {header_delay: {}, percentage: {numerator: 100}}\n")),
      HasSubstr("{ type = \"envoy_headers\", delay = true, abort = false, throughput = false"));
}

TEST(EnvoyFile, WithAMistakeSaysWhere) {
  EXPECT_THAT(from_envoy("a: [1, 2"), StartsWith("error: line 2, column 1: not YAML"));
  EXPECT_THAT(from_envoy("a: *b"), StartsWith("error: line 1, column 4: no value has the anchor"));
  EXPECT_THAT(from_envoy("listeners: []"),
              StartsWith("error: the file has no fault filter of Envoy"));
  EXPECT_THAT(from_envoy(filter("  delay: {fixed_delay: soon}\n")),
              StartsWith("error: line 4: delay has no fixed_delay (e.g."));
  EXPECT_THAT(from_envoy(filter("  abort: {percentage: {numerator: 1}}\n")),
              StartsWith("error: line 4: abort has neither http_status nor grpc_status"));
  EXPECT_THAT(from_envoy(filter("  response_rate_limit: {fixed_limit: {}}\n")),
              StartsWith("error: line 4: response_rate_limit has no fixed_limit"));
  EXPECT_THAT(from_envoy(filter("  abort: {http_status: 7}\n")),
              StartsWith("error: the rule file that this input leads to would be invalid: "));
}

TEST(EnvoyFile, OfAliasesThatGrowIsRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const auto last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int n = 0; n < 9; ++n) bomb += ", " + last;
    bomb += "]\n";
  }
  EXPECT_THAT(from_envoy(bomb), HasSubstr("too many values"));
  EXPECT_THAT(from_envoy(std::string(5000, '[')), HasSubstr("more than 64 levels deep"));
}

}  // namespace
}  // namespace brownout::draft
