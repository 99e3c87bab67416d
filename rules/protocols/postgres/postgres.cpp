#include "rules/protocols/postgres/postgres.h"

#include <algorithm>

#include "rules/base/find_named.h"

namespace brownout::rules {
namespace {

// An SQLSTATE and the text that a server gives with it.
struct UsualError {
  std::string_view name;
  std::string_view text;
};

constexpr std::array kUsualErrors = std::to_array<UsualError>({
    {"25006", "cannot execute the statement in a read-only transaction"},
    {"25P03", "terminating connection due to idle-in-transaction timeout"},
    {"40001", "could not serialize access due to concurrent update"},
    {"40P01", "deadlock detected"},
    {"53100", "could not extend file: No space left on device"},
    {"53200", "out of memory"},
    {"53300", "sorry, too many clients already"},
    {"55P03", "canceling statement due to lock timeout"},
    {"57014", "canceling statement due to statement timeout"},
    {"57P01", "terminating connection due to administrator command"},
    {"57P02", "terminating connection because of crash of another server process"},
    {"57P03", "the database system is starting up"},
    {"57P05", "terminating connection due to idle-session timeout"},
});

bool has_characters_of_sqlstate(std::string_view text) {
  return text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

constexpr std::string_view kSqlstateHint =
    "an SQLSTATE has five digits or capital letters, e.g. \"40P01\" (PostgreSQL documentation, "
    "appendix A)";

}  // namespace

PostgresError postgres_refusal(std::string_view sqlstate, std::string_view text) {
  const auto* usual = find_named(kUsualErrors, sqlstate);
  if (text.empty()) text = usual != nullptr ? usual->text : "refused";
  return {.sqlstate = std::string(sqlstate),
          .text = std::string(text),
          .severity = ends_postgres_session(sqlstate) ? "FATAL" : "ERROR"};
}

bool ends_postgres_session(std::string_view sqlstate) {
  return sqlstate.starts_with("57P") || sqlstate == "25P03" || sqlstate == "53300";
}

Result<SqlstatePattern> ValueKind<SqlstatePattern>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a text");
  const bool long_enough = text->size() == 5 || text->size() == 2;
  if (long_enough && has_characters_of_sqlstate(*text)) return SqlstatePattern{*text};
  return config_error("no SQLSTATE: " + in_quotes(*text),
                      std::string(kSqlstateHint) + "; its class has the first two, e.g. \"40\"");
}

Result<Sqlstate> ValueKind<Sqlstate>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a text");
  if (text->size() == 5 && has_characters_of_sqlstate(*text)) return Sqlstate{*text};
  return config_error("no SQLSTATE: " + in_quotes(*text), std::string(kSqlstateHint));
}

}  // namespace brownout::rules
