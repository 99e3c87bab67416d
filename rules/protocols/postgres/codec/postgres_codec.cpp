#include "rules/protocols/postgres/codec/postgres_codec.h"

#include <algorithm>
#include <utility>

#include "rules/base/whole_number.h"

namespace brownout::messages {
namespace {

using rules::PostgresMessage;
using rules::PostgresType;

// Begins the names of the portals that do not exist.
constexpr std::string_view kRefusedPortal = "brownout:";
constexpr std::string_view kEncrypted =
    "what follows is encrypted: terminate TLS (tls = { starttls = true, ... }), or connect with "
    "sslmode=disable";

Bytes postgres_bytes(std::string_view text) {
  const auto bytes = codecs::bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

MessageReader::Step PostgresCodec::Reader::next(ByteView bytes, bool keep) {
  Step step;
  while (step.taken < bytes.size()) {
    const auto rest = bytes.subspan(step.taken);
    if (codec_.encrypted_) {
      if (step.taken > 0) return step;
      return {.broken = kEncrypted};
    }
    if (!within_) {
      const bool kept = begin(static_cast<char>(rest[0]), keep);
      // The bytes of one step are either all buffered or all unbuffered.
      if (step.taken > 0 && step.kept != kept) return step;
      keep_ = kept;
      within_ = true;
    }
    std::size_t taken = 0;
    if (const auto why = take(rest, taken); !why.empty()) {
      // If earlier bytes were valid, return these now. The next call reports the violation.
      if (step.taken > 0) return step;
      return {.broken = why};
    }
    const auto part = rest.first(taken);
    if (keep_) wire_.insert(wire_.end(), part.begin(), part.end());
    step.taken += taken;
    step.kept = keep_;
    const bool complete = kind_ == Head::kAnswer || got_ == head_size();
    if (!complete || left_ > 0) continue;
    finish(step);
    within_ = false;
    got_ = 0;
    wire_.clear();
    prefix_.clear();
    if (step.ended || step.secures) return step;
  }
  return step;
}

// Determines what the message with this first byte is. Returns whether to buffer it.
bool PostgresCodec::Reader::begin(char first, bool keep) {
  kind_ = Head::kTyped;
  if (direction_ == Direction::kUpstream) {
    if (!codec_.started_) kind_ = Head::kStartup;
    return keep;
  }
  // A server that does not know the request answers with an ErrorResponse.
  if (codec_.asked_ && first != 'E') {
    kind_ = Head::kAnswer;
    return keep;
  }
  if (first == 'E' && !codec_.refusals_.empty()) return true;
  return keep && wants(first);
}

// Asks about messages of the server whose type says all that rules match.
bool PostgresCodec::Reader::wants(char letter) const {
  const auto type = codecs::server_postgres_type(letter);
  const bool has_more = type == PostgresType::kErrorResponse ||
                        type == PostgresType::kNoticeResponse ||
                        type == PostgresType::kCommandComplete || type == PostgresType::kCopyData;
  if (wanted_ == nullptr || !type || has_more) return true;
  auto view = std::make_shared<PostgresMessage>();
  view->type = *type;
  if (*type == PostgresType::kReadyForQuery) view->tag = codec_.tag_;
  return wanted_->wants({.protocol = &PostgresMessage::protocol(), .view = std::move(view)});
}

// Takes bytes of the current message. Returns why they violate the protocol, or "".
std::string_view PostgresCodec::Reader::take(ByteView bytes, std::size_t& taken) {
  if (kind_ == Head::kAnswer) {
    taken = 1;
    head_[0] = bytes[0];
    left_ = 0;
    return {};
  }
  if (got_ < head_size()) {
    taken = std::min(head_size() - got_, bytes.size());
    std::copy_n(bytes.begin(), taken, head_.begin() + static_cast<std::ptrdiff_t>(got_));
    got_ += taken;
    return got_ == head_size() ? read_head() : std::string_view();
  }
  taken = std::min(left_, bytes.size());
  left_ -= taken;
  if (!keep_ && reads_body() && prefix_.size() < kMostPrefix) {
    const auto part = bytes.first(std::min(taken, kMostPrefix - prefix_.size()));
    prefix_.insert(prefix_.end(), part.begin(), part.end());
  }
  return {};
}

// Reads the type and the length of the message, which counts itself.
std::string_view PostgresCodec::Reader::read_head() {
  const bool typed = kind_ == Head::kTyped;
  const std::size_t length = codecs::read_u32(head_, typed ? 1 : 0);
  const auto letter = static_cast<char>(head_[0]);
  const auto type = !typed ? codecs::first_postgres_type(codecs::read_u32(head_, 4))
                    : direction_ == Direction::kUpstream ? codecs::client_postgres_type(letter)
                                                         : codecs::server_postgres_type(letter);
  if (!type) return typed ? "an unknown type of message" : "an unknown first message";
  const std::size_t least = typed ? 4 : 8;
  if (length < least || length > INT32_MAX) return "an invalid length";
  if (!typed && length > kMostStartup) return "a first message of more than 10,000 bytes";
  left_ = length - least;
  if (keep_ && left_ + head_size() > kMostMessage) return "a message of more than 16 MiB";
  type_ = *type;
  return {};
}

// Whether the body of the message is read even if the message is not buffered.
bool PostgresCodec::Reader::reads_body() const {
  return direction_ == Direction::kUpstream &&
         (type_ == PostgresType::kParse || type_ == PostgresType::kBind ||
          type_ == PostgresType::kClose);
}

ByteView PostgresCodec::Reader::body() const {
  return keep_ ? ByteView(wire_).subspan(head_size()) : ByteView(prefix_);
}

void PostgresCodec::Reader::finish(Step& step) {
  PostgresMessage message;
  message.type = type_;
  direction_ == Direction::kUpstream ? finish_client(message) : finish_server(step, message);
  if (!keep_) return;
  step.ended.emplace();
  if (message.has_payload()) {
    // The SQL of a Query or Parse ends with a NUL byte.
    const auto names = codecs::read_postgres_names(message.type, body());
    const auto payload = message.type == PostgresType::kCopyData
                             ? body()
                             : body().subspan(names.sql_at, names.sql.size());
    message.payload_at = head_size() + names.sql_at;
    step.ended->payload.assign(payload.begin(), payload.end());
  }
  step.ended->message = std::make_shared<rules::Message>(
      rules::Message{.protocol = &PostgresMessage::protocol(),
                     .view = std::make_shared<const PostgresMessage>(std::move(message)),
                     .wire = std::exchange(wire_, {})});
}

void PostgresCodec::Reader::finish_client(PostgresMessage& message) {
  if (message.type == PostgresType::kStartup) codec_.started_ = true;
  if (message.type == PostgresType::kEncryptionRequest) codec_.asked_ = true;
  codec_.learn(message, body());
}

void PostgresCodec::Reader::finish_server(Step& step, PostgresMessage& message) {
  if (kind_ == Head::kAnswer) {
    message.type = PostgresType::kEncryptionAnswer;
    codec_.asked_ = false;
    // S: TLS follows. N: neither TLS nor GSSAPI. Others: encryption by GSSAPI follows.
    codec_.encrypted_ = static_cast<char>(head_[0]) != 'N';
    step.secures = static_cast<char>(head_[0]) == 'S';
    return;
  }
  codec_.asked_ = false;
  if (message.type == PostgresType::kReadyForQuery) message.tag = std::exchange(codec_.tag_, {});
  if (!keep_) return;
  if (message.type == PostgresType::kCommandComplete) {
    const auto text = codecs::text_of(body());
    message.tag = text.substr(0, text.find('\0'));
    codec_.tag_ = message.tag;
  }
  if (message.type != PostgresType::kErrorResponse &&
      message.type != PostgresType::kNoticeResponse) {
    return;
  }
  message.error = codecs::read_postgres_error(body());
  const auto refusal = codec_.take_refusal(message.error->text);
  if (!refusal) return;
  message.error = *refusal;
  wire_ = postgres_bytes(codecs::write_postgres_error(*refusal));
}

Bytes PostgresCodec::Reader::rest() {
  within_ = false;
  got_ = 0;
  prefix_.clear();
  return std::exchange(wire_, {});
}

// Stores the statements that the client prepares, and sets the statement of the message.
void PostgresCodec::learn(PostgresMessage& message, ByteView body) {
  const auto names = codecs::read_postgres_names(message.type, body);
  const auto find = [](const auto& all, const std::string& name) {
    const auto found = all.find(name);
    return found != all.end() ? found->second : nullptr;
  };
  const auto store = [](auto& all, const std::string& name, const Statement& statement) {
    if (all.size() < kMostStatements || all.contains(name)) all[name] = statement;
  };
  switch (message.type) {
    case PostgresType::kQuery:
      message.statement = std::make_shared<const std::string>(names.sql.substr(0, kMostPrefix));
      break;
    case PostgresType::kParse:
      message.statement = std::make_shared<const std::string>(names.sql.substr(0, kMostPrefix));
      store(statements_, names.name, message.statement);
      break;
    case PostgresType::kBind:
      message.statement = find(statements_, names.name);
      store(portals_, names.portal, message.statement);
      break;
    case PostgresType::kExecute:
      message.statement = find(portals_, names.portal);
      break;
    case PostgresType::kDescribe:
      message.statement =
          names.kind == 'P' ? find(portals_, names.portal) : find(statements_, names.name);
      break;
    case PostgresType::kClose:
      names.kind == 'P' ? portals_.erase(names.portal) : statements_.erase(names.name);
      break;
    default:
      break;
  }
}

// Returns messages that make the server fail in place of the refused one. The server then ignores
// further messages until the next Sync, as after any error; a Query is a Sync in itself.
std::string PostgresCodec::refuse(const PostgresMessage& message) {
  if (refusals_.size() >= kMostRefusals) refusals_.erase(refusals_.begin());
  refusals_[++refused_] = message.refusal;
  auto text =
      codecs::write_postgres_execute(std::string(kRefusedPortal) + std::to_string(refused_));
  if (message.type != PostgresType::kExecute) text += codecs::write_postgres_sync();
  return text;
}

std::shared_ptr<const rules::PostgresError> PostgresCodec::take_refusal(std::string_view text) {
  const auto at = text.find(kRefusedPortal);
  if (at == std::string_view::npos) return nullptr;
  text.remove_prefix(at + kRefusedPortal.size());
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  const auto number = rules::parse_whole_number(digits, UINT64_MAX);
  const auto found = number ? refusals_.find(*number) : refusals_.end();
  if (found == refusals_.end()) return nullptr;
  auto refusal = std::move(found->second);
  // The server has ignored the refused statements before this one, if an error preceded them.
  refusals_.erase(refusals_.begin(), std::next(found));
  return refusal;
}

Bytes PostgresCodec::write(const rules::Chunk& chunk, Direction) {
  const auto& wire = chunk.message()->wire;
  const auto& view = *rules::view_as<PostgresMessage>(chunk.message());
  if (view.refusal) return postgres_bytes(refuse(view));
  if (wire.empty())
    return view.error ? postgres_bytes(codecs::write_postgres_error(*view.error)) : Bytes{};
  if (!chunk.touched() || !view.has_payload()) return wire;
  const ByteView all(wire);
  const auto behind = all.subspan(view.payload_at);
  const auto old =
      view.type == PostgresType::kCopyData
          ? behind.size()
          : codecs::text_of(behind).substr(0, codecs::text_of(behind).find('\0')).size();
  Bytes bytes(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(view.payload_at));
  const auto payload = chunk.bytes();
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.insert(bytes.end(), behind.begin() + static_cast<std::ptrdiff_t>(old), behind.end());
  const auto length = static_cast<std::uint32_t>(bytes.size() - 1);
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[i + 1] = static_cast<std::byte>(length >> (24 - 8 * i) & 0xff);
  }
  return bytes;
}

}  // namespace brownout::messages
