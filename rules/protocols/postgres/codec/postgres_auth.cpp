#include "rules/protocols/postgres/codec/postgres_auth.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <utility>

#include "rules/base/base64.h"
#include "rules/base/hex_digit.h"
#include "rules/base/whole_number.h"

namespace brownout::codecs {
namespace {

using PostgresDigest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

const unsigned char* postgres_octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
std::string_view digest_text(const PostgresDigest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string postgres_md5_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) {
    return {};
  }
  return rules::hex_of(std::span(digest).first(size));
}

PostgresDigest postgres_hmac(std::string_view key, std::string_view text) {
  PostgresDigest digest{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), postgres_octets(text), text.size(),
       digest.data(), nullptr);
  return digest;
}

// Removes the attribute at the start of `message` and returns its value. Returns no value if the
// attribute is not called `name`.
std::optional<std::string_view> take_scram_attribute(std::string_view& message, char name) {
  if (message.size() < 2 || message[0] != name || message[1] != '=') return std::nullopt;
  const auto end = message.find(',');
  const auto value = message.substr(2, end == std::string_view::npos ? end : end - 2);
  message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
  return value;
}

}  // namespace

std::string postgres_md5(std::string_view user, std::string_view password, std::string_view salt) {
  const auto secret = postgres_md5_hex(std::string(password).append(user));
  return "md5" + postgres_md5_hex(secret + std::string(salt));
}

PostgresScram::PostgresScram(std::string_view user, std::string password, std::string nonce)
    : password_(std::move(password)), nonce_(std::move(nonce)) {
  bare_.append("n=").append(user).append(",r=").append(nonce_);
}

std::optional<std::string> PostgresScram::answer(std::string_view server_first) {
  auto left = server_first;
  const auto nonce = take_scram_attribute(left, 'r');
  const auto encoded = take_scram_attribute(left, 's');
  const auto count = take_scram_attribute(left, 'i');
  if (!nonce || !encoded || !count) return std::nullopt;
  // The server must return the client's nonce and add to it (RFC 5802, 5.1). Otherwise messages of
  // an old conversation could be replayed.
  if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size()) return std::nullopt;
  const auto salt = rules::from_base64(*encoded);
  const auto iterations = rules::parse_whole_number(*count, kMostIterations);
  if (!salt || salt->empty() || !iterations || *iterations == 0) return std::nullopt;
  PostgresDigest salted{};
  if (PKCS5_PBKDF2_HMAC(password_.data(), static_cast<int>(password_.size()),
                        postgres_octets(*salt), static_cast<int>(salt->size()),
                        static_cast<int>(*iterations), EVP_sha256(),
                        static_cast<int>(salted.size()), salted.data()) != 1) {
    return std::nullopt;
  }
  // The formulas are from RFC 5802, 3. "biws" is base64 for the header "n,,", which means no
  // channel binding.
  auto final = std::string("c=biws,r=").append(*nonce);
  const auto messages = bare_ + "," + std::string(server_first) + "," + final;
  auto proof = postgres_hmac(digest_text(salted), "Client Key");
  PostgresDigest stored{};
  SHA256(proof.data(), proof.size(), stored.data());
  const auto signature = postgres_hmac(digest_text(stored), messages);
  for (std::size_t i = 0; i < proof.size(); ++i) proof.at(i) ^= signature.at(i);
  const auto server_key = postgres_hmac(digest_text(salted), "Server Key");
  expected_ =
      "v=" + rules::to_base64(digest_text(postgres_hmac(digest_text(server_key), messages)));
  return final + ",p=" + rules::to_base64(digest_text(proof));
}

bool PostgresScram::proves(std::string_view server_final) const {
  return !expected_.empty() && server_final == expected_;
}

}  // namespace brownout::codecs
