#include "rules/protocols/postgres/codec/postgres_talk.h"

#include <cstdint>
#include <utility>

namespace brownout::codecs {
namespace {

// The protocol version 3.0 and the code of an SSLRequest. The client sends them as 32-bit numbers
// in network byte order.
constexpr std::uint32_t kPostgresVersion = 3U << 16;
constexpr std::uint32_t kPostgresTlsRequest = 80877103;
constexpr std::string_view kPostgresMechanism = "SCRAM-SHA-256";
constexpr std::size_t kPostgresHead = 5;  // size of a message's type and length in bytes

// Codes of an Authentication message.
enum class PostgresAsk : std::uint32_t {
  kOk = 0,
  kCleartext = 3,
  kMd5 = 5,
  kSasl = 10,
  kSaslContinue = 11,
  kSaslFinal = 12,
};

std::string postgres_number(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift & 0xffU));
  return bytes;
}

std::uint32_t postgres_number_at(std::string_view bytes, std::size_t at, std::size_t size = 4) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  }
  return value;
}

std::string with_postgres_length(const std::string& body) {
  return postgres_number(static_cast<std::uint32_t>(body.size() + 4)) + body;
}
std::string postgres_message(char type, const std::string& body) {
  return type + with_postgres_length(body);
}

// Removes a zero-terminated text from the start of `body` and returns it. Returns no value if
// `body` has no zero byte.
std::optional<std::string_view> take_postgres_text(std::string_view& body) {
  const auto end = body.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = body.substr(0, end);
  body.remove_prefix(end + 1);
  return text;
}

// Returns the text of an ErrorResponse, such as "FATAL: role \"ann\" does not exist (28000)".
std::string postgres_error_text(std::string_view body) {
  std::string severity = "error";
  std::string text;
  std::string code;
  while (!body.empty() && body.front() != '\0') {
    const char field = body.front();
    body.remove_prefix(1);
    const auto value = take_postgres_text(body);
    if (!value) break;
    if (field == 'S') severity = *value;
    if (field == 'M') text = *value;
    if (field == 'C') code = *value;
  }
  return severity + ": " + text + (code.empty() ? "" : " (" + code + ")");
}

}  // namespace

std::string postgres_tls_request() {
  return with_postgres_length(postgres_number(kPostgresTlsRequest));
}

std::string PostgresTalk::begin() const {
  std::string body = postgres_number(kPostgresVersion);
  const auto add = [&](std::string_view name, std::string_view value) {
    body.append(name).append(1, '\0').append(value).append(1, '\0');
  };
  add("user", login_.user);
  add("database", login_.database);
  add("application_name", "brownout");
  return with_postgres_length(body + '\0');
}

std::string PostgresTalk::ask(std::string_view query) {
  stage_ = Stage::kAsked;
  value_.reset();
  answered_ = false;
  return postgres_message('Q', std::string(query) + '\0');
}

void PostgresTalk::fail(std::string why) {
  if (why_.empty()) why_ = std::move(why);
}

std::string PostgresTalk::take(ByteView bytes) {
  std::string out;
  buffer_ += text_of(bytes);
  std::size_t at = 0;
  while (why_.empty() && buffer_.size() - at >= kPostgresHead) {
    const std::size_t length = postgres_number_at(buffer_, at + 1);
    if (length < 4 || length > kMostMessage) {
      fail("the server's data is not PostgreSQL: a message of " + std::to_string(length) +
           " bytes");
      break;
    }
    if (buffer_.size() - at < length + 1) break;
    const auto body = std::string_view(buffer_).substr(at + kPostgresHead, length - 4);
    take_message(buffer_[at], body, out);
    at += length + 1;
  }
  why_.empty() ? buffer_.erase(0, at) : buffer_.erase();
  return out;
}

void PostgresTalk::take_message(char type, std::string_view body, std::string& out) {
  switch (type) {
    case 'E':
      return fail(postgres_error_text(body));
    case 'N':  // NoticeResponse
    case 'S':  // ParameterStatus
    case 'A':  // NotificationResponse
      return;
    case 'R':
      if (stage_ == Stage::kLogin) return authenticate(body, out);
      break;
    case 'K':  // BackendKeyData
    case 'v':  // NegotiateProtocolVersion
      if (stage_ == Stage::kStarting) return;
      break;
    case 'Z':
      if (stage_ != Stage::kStarting && stage_ != Stage::kAsked) break;
      stage_ = Stage::kReady;
      return;
    case 'T':  // RowDescription
    case 'C':  // CommandComplete
    case 'I':  // EmptyQueryResponse
      if (stage_ == Stage::kAsked) return;
      break;
    case 'D':
      if (stage_ == Stage::kAsked) return take_row(body);
      break;
    default:
      break;
  }
  fail("the server's data is not PostgreSQL: an unexpected message of type " +
       std::to_string(static_cast<unsigned char>(type)));
}

void PostgresTalk::authenticate(std::string_view body, std::string& out) {
  if (body.size() < 4)
    return fail("the server's data is not PostgreSQL: a message is shorter than its fields");
  const auto asked = postgres_number_at(body, 0);
  body.remove_prefix(4);
  switch (PostgresAsk{asked}) {
    case PostgresAsk::kOk:
      if (!proven_) return fail("the server did not prove that it knows the password");
      stage_ = Stage::kStarting;
      return;
    case PostgresAsk::kCleartext:
      out += postgres_message('p', login_.password + '\0');
      return;
    case PostgresAsk::kMd5:
      if (body.size() != 4) return fail("the server's data is not PostgreSQL: a short salt");
      out += postgres_message('p', postgres_md5(login_.user, login_.password, body) + '\0');
      return;
    case PostgresAsk::kSasl:
      return begin_scram(body, out);
    case PostgresAsk::kSaslContinue: {
      const auto answer = scram_ ? scram_->answer(body) : std::nullopt;
      if (!answer) return fail("the server's SCRAM message is wrong");
      out += postgres_message('p', *answer);
      return;
    }
    case PostgresAsk::kSaslFinal:
      proven_ = scram_ && scram_->proves(body);
      if (!proven_) return fail("the server did not prove that it knows the password");
      return;
    default:
      return fail("the server asks for authentication " + std::to_string(asked) +
                  ", which users do not know");
  }
}

void PostgresTalk::begin_scram(std::string_view mechanisms, std::string& out) {
  std::string offered;
  for (auto name = take_postgres_text(mechanisms); name && !name->empty();
       name = take_postgres_text(mechanisms)) {
    if (*name != kPostgresMechanism) {
      offered.append(offered.empty() ? "" : ", ").append(*name);
      continue;
    }
    proven_ = false;
    scram_.emplace("", login_.password, login_.nonce);
    const auto first = scram_->first();
    // Unlike the length of a message, this length does not include its own four bytes.
    const auto length = postgres_number(static_cast<std::uint32_t>(first.size()));
    out += postgres_message('p', std::string(kPostgresMechanism) + '\0' + length + first);
    return;
  }
  fail("the server offers " + offered + ", not " + std::string(kPostgresMechanism));
}

// Stores the first value of the first DataRow of an answer. A DataRow is an int16 number of columns
// and, for each column, an int32 size (-1 means NULL) and the value.
void PostgresTalk::take_row(std::string_view body) {
  if (std::exchange(answered_, true)) return;
  if (body.size() < 2) return fail("the server's data is not PostgreSQL: a short row");
  if (postgres_number_at(body, 0, 2) == 0) return;
  if (body.size() < 6) return fail("the server's data is not PostgreSQL: a short row");
  const auto size = postgres_number_at(body, 2);
  if (size == UINT32_MAX) return;
  if (size > body.size() - 6) return fail("the server's data is not PostgreSQL: a short row");
  value_ = std::string(body.substr(6, size));
}

}  // namespace brownout::codecs
