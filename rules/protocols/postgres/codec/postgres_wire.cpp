#include "rules/protocols/postgres/codec/postgres_wire.h"

#include <algorithm>
#include <array>
#include <utility>

namespace brownout::codecs {
namespace {

using rules::PostgresType;

using Letter = std::pair<char, PostgresType>;

constexpr std::array kClientLetters = std::to_array<Letter>({
    {'Q', PostgresType::kQuery},
    {'P', PostgresType::kParse},
    {'B', PostgresType::kBind},
    {'D', PostgresType::kDescribe},
    {'E', PostgresType::kExecute},
    {'S', PostgresType::kSync},
    {'C', PostgresType::kClose},
    {'H', PostgresType::kFlush},
    {'F', PostgresType::kFunctionCall},
    {'p', PostgresType::kPassword},
    {'f', PostgresType::kCopyFail},
    {'X', PostgresType::kTerminate},
    {'d', PostgresType::kCopyData},
    {'c', PostgresType::kCopyDone},
});

constexpr std::array kServerLetters = std::to_array<Letter>({
    {'R', PostgresType::kAuthentication},
    {'S', PostgresType::kParameterStatus},
    {'K', PostgresType::kBackendKeyData},
    {'v', PostgresType::kNegotiateProtocolVersion},
    {'Z', PostgresType::kReadyForQuery},
    {'T', PostgresType::kRowDescription},
    {'D', PostgresType::kDataRow},
    {'C', PostgresType::kCommandComplete},
    {'I', PostgresType::kEmptyQueryResponse},
    {'E', PostgresType::kErrorResponse},
    {'N', PostgresType::kNoticeResponse},
    {'A', PostgresType::kNotificationResponse},
    {'1', PostgresType::kParseComplete},
    {'2', PostgresType::kBindComplete},
    {'3', PostgresType::kCloseComplete},
    {'t', PostgresType::kParameterDescription},
    {'n', PostgresType::kNoData},
    {'s', PostgresType::kPortalSuspended},
    {'V', PostgresType::kFunctionCallResponse},
    {'G', PostgresType::kCopyInResponse},
    {'H', PostgresType::kCopyOutResponse},
    {'W', PostgresType::kCopyBothResponse},
    {'d', PostgresType::kCopyData},
    {'c', PostgresType::kCopyDone},
});

// Codes behind the length of the messages without a type byte.
constexpr std::uint32_t kCancelCode = 80877102;
constexpr std::uint32_t kSslCode = 80877103;
constexpr std::uint32_t kGssCode = 80877104;
constexpr std::uint32_t kMajorVersion = 3;

template <std::size_t kCount>
std::optional<PostgresType> type_of_letter(const std::array<Letter, kCount>& letters, char letter) {
  const auto found = std::find_if(letters.begin(), letters.end(),
                                  [&](const Letter& row) { return row.first == letter; });
  if (found == letters.end()) return std::nullopt;
  return found->second;
}

// Returns the text at `at`, and moves `at` behind its NUL byte.
std::string_view postgres_text_at(std::string_view body, std::size_t& at) {
  const auto rest = body.substr(std::min(at, body.size()));
  const auto text = rest.substr(0, rest.find('\0'));
  at += text.size() + 1;
  return text;
}

std::string postgres_frame(char letter, std::string_view body) {
  const auto size = static_cast<std::uint32_t>(body.size() + 4);
  std::string text(1, letter);
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift & 0xff);
  return text.append(body);
}

}  // namespace

std::optional<PostgresType> client_postgres_type(char letter) {
  return type_of_letter(kClientLetters, letter);
}

std::optional<PostgresType> server_postgres_type(char letter) {
  return type_of_letter(kServerLetters, letter);
}

std::optional<PostgresType> first_postgres_type(std::uint32_t code) {
  if (code == kSslCode || code == kGssCode) return PostgresType::kEncryptionRequest;
  if (code == kCancelCode) return PostgresType::kCancelRequest;
  if (code >> 16 == kMajorVersion) return PostgresType::kStartup;
  return std::nullopt;
}

std::uint32_t read_u32(ByteView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | octet(bytes, at + i);
  return value;
}

PostgresNames read_postgres_names(PostgresType type, ByteView bytes) {
  const auto body = text_of(bytes);
  PostgresNames names;
  std::size_t at = 0;
  switch (type) {
    case PostgresType::kParse:
      names.name = postgres_text_at(body, at);
      names.sql_at = std::min(at, body.size());
      names.sql = postgres_text_at(body, at);
      break;
    case PostgresType::kQuery:
      names.sql = postgres_text_at(body, at);
      break;
    case PostgresType::kBind:
      names.portal = postgres_text_at(body, at);
      names.name = postgres_text_at(body, at);
      break;
    case PostgresType::kExecute:
      names.portal = postgres_text_at(body, at);
      break;
    case PostgresType::kDescribe:
    case PostgresType::kClose:
      names.kind = body.empty() ? '\0' : body.front();
      at = 1;
      (names.kind == 'P' ? names.portal : names.name) = postgres_text_at(body, at);
      break;
    default:
      break;
  }
  return names;
}

rules::PostgresError read_postgres_error(ByteView bytes) {
  const auto body = text_of(bytes);
  rules::PostgresError error{.severity = ""};
  for (std::size_t at = 0; at < body.size() && body[at] != '\0';) {
    const char field = body[at++];
    const auto text = postgres_text_at(body, at);
    // The severity in field V is never translated; servers before 9.6 have only S.
    if (field == 'V' || (field == 'S' && error.severity.empty())) error.severity = text;
    if (field == 'C') error.sqlstate = text;
    if (field == 'M') error.text = text;
  }
  return error;
}

std::string write_postgres_error(const rules::PostgresError& error) {
  std::string body;
  const auto add = [&](char field, std::string_view text) {
    body += field;
    body.append(text.substr(0, text.find('\0'))) += '\0';
  };
  add('S', error.severity);
  add('V', error.severity);
  add('C', error.sqlstate);
  add('M', error.text);
  body += '\0';
  return postgres_frame('E', body);
}

std::string write_postgres_execute(std::string_view portal) {
  std::string body(portal);
  return postgres_frame('E', body.append(5, '\0'));  // the end of the name, and no limit of rows
}

std::string write_postgres_sync() { return postgres_frame('S', ""); }

}  // namespace brownout::codecs
