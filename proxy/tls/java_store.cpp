#include "proxy/tls/java_store.h"

#include <openssl/pem.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "proxy/tls/openssl.h"

namespace brownout::tls {
namespace {

// The format is that of sun.security.provider.JavaKeyStore in OpenJDK: numbers are big-endian, and
// texts follow their length.
constexpr std::uint32_t kJksMagic = 0xfeedfeed;
constexpr std::uint32_t kJksVersion = 2;
constexpr std::uint32_t kJksTrusted = 2;  // tag of an entry that is a trusted certificate
constexpr std::string_view kJksSalt = "Mighty Aphrodite";

std::string big_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i) & 0xff);
  return text;
}

std::string counted_text(std::string_view text) {
  return big_endian(text.size(), 2) + std::string(text);
}

// Returns the digest at the end of the file: a hash of the password in UTF-16, a fixed salt, and
// the rest of the file.
std::string jks_digest(const std::string& store) {
  std::string text;
  for (const char* letter = kJavaPassword; *letter != '\0'; ++letter) {
    text += '\0';
    text += *letter;
  }
  text += kJksSalt;
  text += store;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string java_trust_store(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::string entries;
  std::uint32_t count = 0;
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  // Decodes the certificates, but does not parse them, which would take longer than all the rest.
  while (PEM_read_bio(bio.get(), &label, &header, &data, &size) == 1) {
    if (std::string_view(label) == PEM_STRING_X509) {
      const std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
      entries += big_endian(kJksTrusted, 4) + counted_text("ca" + std::to_string(++count));
      entries += big_endian(0, 8);  // time when the entry was added; 0
      entries += counted_text("X.509") + big_endian(der.size(), 4) + der;
    }
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  ERR_clear_error();
  auto store =
      big_endian(kJksMagic, 4) + big_endian(kJksVersion, 4) + big_endian(count, 4) + entries;
  return store + jks_digest(store);
}

}  // namespace brownout::tls
