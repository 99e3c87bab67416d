#include "proxy/tls/authority.h"

#include <fcntl.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/loop/fd.h"
#include "proxy/tls/pem_files.h"
#include "rules/base/address.h"

namespace brownout::tls {
namespace {

constexpr long kDay = 24 * 60 * 60;
constexpr int kWeakBits = 1024;

// How far a certificate's validity may reach into the past, in seconds, since a client's clock may
// be slow. The whole validity, with 89 days in the future, is below the 398 days that clients
// accept.
constexpr long kLongestPast = 300 * kDay;

std::time_t beginning_of(const X509* certificate) {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &parts);
  return ::timegm(&parts);
}

KeyPtr new_key(bool weak) { return KeyPtr(weak ? EVP_RSA_gen(kWeakBits) : EVP_EC_gen("P-256")); }

void set_name(X509_NAME* name, const std::string& common_name) {
  const auto add = [&](const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  };
  add("O", "Brownout");
  // Cuts the common name to the 64 characters that X.509 allows; clients check the alternative name
  // instead.
  add("CN", common_name.substr(0, 64));
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

CertPtr blank(const std::string& name, EVP_PKEY* key, std::time_t now, long from, long until) {
  CertPtr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_time_adj(X509_getm_notBefore(certificate.get()), from, &now);
  X509_time_adj(X509_getm_notAfter(certificate.get()), until, &now);
  X509_set_pubkey(certificate.get(), key);
  set_name(X509_get_subject_name(certificate.get()), name);
  return certificate;
}

Certificate new_authority(const std::string& name) {
  Certificate ca;
  ca.key = new_key(false);
  ca.certificate = blank(name, ca.key.get(), std::time(nullptr), -kDay, 3650 * kDay);
  auto* x509 = ca.certificate.get();
  X509_set_issuer_name(x509, X509_get_subject_name(x509));
  add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
  add_extension(x509, x509, NID_subject_key_identifier, "hash");
  X509_sign(x509, ca.key.get(), EVP_sha256());
  return ca;
}

constexpr std::string_view kChooseFolder =
    "free space, or use another --folder, where brownout may write";

std::string path_in(const std::string& folder, const char* name) { return folder + "/" + name; }

rules::Result<void> write_new(const std::string& path, mode_t mode, const std::string& text) {
  const proxy::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file) {
    const bool exists = errno == EEXIST;
    return failed(
        "cannot write " + path + ": " + std::strerror(errno),
        exists
            ? "an existing file is never overwritten: use another --folder, or move the file away"
            : std::string(kChooseFolder));
  }
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    const std::string why = std::strerror(errno);
    ::unlink(path.c_str());
    return failed("cannot write " + path + ": " + why, std::string(kChooseFolder));
  }
  return {};
}

std::string pem_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

std::string take_error() {
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const auto* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

rules::Result<void> Authority::init(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed("cannot make the folder " + folder + ": " + std::strerror(errno),
                  "make its parent folder first, or use another --folder");
  }
  const auto ca = new_authority("Brownout CA, for tests only");
  const BioPtr key(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key.get(), ca.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  const BioPtr certificate(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate.get(), ca.certificate.get());
  const auto written = write_new(path_in(folder, "ca.key"), 0600, pem_of(key.get()));
  if (!written) return written;
  return write_new(path_in(folder, "ca.pem"), 0644, pem_of(certificate.get()));
}

rules::Result<Authority> Authority::load(const std::string& folder) {
  Authority authority;
  const std::string hint = "make one with `brownout ca init --folder " + folder + "`";
  const auto none = [&](const std::string& why) {
    return failed("there is no CA in " + folder + ": " + why, hint);
  };
  const auto certificate = open_pem(path_in(folder, "ca.pem"));
  if (!certificate) return none("ca.pem: " + certificate.error().what);
  const auto key = open_pem(path_in(folder, "ca.key"));
  if (!key) return none("ca.key: " + key.error().what);
  authority.certificate_ = read_certificate(certificate->get());
  if (!authority.certificate_) return none("ca.pem: " + take_error());
  authority.key_ = read_key(key->get());
  if (!authority.key_) return none("ca.key: " + take_error());
  if (X509_check_private_key(authority.certificate_.get(), authority.key_.get()) != 1) {
    take_error();
    return failed("ca.pem and ca.key in " + folder + " do not match", hint);
  }
  return authority;
}

Authority::Authority(Certificate ca)
    : certificate_(std::move(ca.certificate)), key_(std::move(ca.key)) {}

Authority Authority::unknown() { return Authority(new_authority("A CA that no client trusts")); }

Authority Authority::temporary() {
  return Authority(new_authority("Brownout CA, for one command only"));
}

std::string Authority::pem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate_.get());
  return pem_of(bio.get());
}

Certificate Authority::mint(const std::string& name, rules::Flaw flaw, std::time_t now) const {
  using rules::Flaw;
  Certificate minted;
  minted.key = new_key(flaw == Flaw::kWeakKey);
  const auto shown = flaw == Flaw::kWrongName ? std::string("wrong-name.invalid") : name;
  // The validity begins when this CA was created, but at least one day and at most kLongestPast
  // ago. It ends 89 days from now, as with public CAs.
  long from = -std::clamp<long>(now - beginning_of(certificate_.get()), kDay, kLongestPast);
  long until = 89 * kDay;
  if (flaw == Flaw::kExpired) from = -90 * kDay, until = -kDay;
  if (flaw == Flaw::kNotYetValid) from = kDay, until = 90 * kDay;
  minted.certificate = blank(shown, minted.key.get(), now, from, until);
  auto* x509 = minted.certificate.get();
  const bool self = flaw == Flaw::kSelfSigned;
  auto* issuer = self ? x509 : certificate_.get();
  X509_set_issuer_name(x509, X509_get_subject_name(issuer));
  const bool ip = rules::IpAddress::parse(shown).has_value();
  add_extension(x509, issuer, NID_subject_alt_name, (ip ? "IP:" : "DNS:") + shown);
  add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(x509, issuer, NID_key_usage, "critical,digitalSignature,keyEncipherment");
  add_extension(x509, issuer, NID_ext_key_usage, "serverAuth");
  add_extension(x509, issuer, NID_subject_key_identifier, "hash");
  if (!self) add_extension(x509, issuer, NID_authority_key_identifier, "keyid");
  X509_sign(x509, self ? minted.key.get() : key_.get(), EVP_sha256());
  return minted;
}

std::string Authority::revocation(const X509* certificate, std::time_t at) const {
  auto* basic = OCSP_BASICRESP_new();
  auto* id = OCSP_cert_to_id(nullptr, certificate, certificate_.get());
  auto* before = X509_time_adj(nullptr, -kDay, &at);
  auto* now = X509_time_adj(nullptr, -60, &at);
  auto* next = X509_time_adj(nullptr, kDay, &at);
  OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                         before, now, next);
  OCSP_basic_sign(basic, certificate_.get(), key_.get(), EVP_sha256(), nullptr, 0);
  auto* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  ASN1_TIME_free(before);
  ASN1_TIME_free(now);
  ASN1_TIME_free(next);
  OCSP_CERTID_free(id);
  OCSP_BASICRESP_free(basic);
  return text;
}

std::string Authority::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  X509_digest(certificate_.get(), EVP_sha256(), digest.data(), &length);
  std::string text;
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (unsigned i = 0; i < length; ++i) {
    if (i > 0) text += ':';
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 15];
  }
  return text;
}

std::string Authority::expires() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(bio.get(), X509_get0_notAfter(certificate_.get()));
  return pem_of(bio.get());
}

}  // namespace brownout::tls
