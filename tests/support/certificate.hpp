// A certificate of its own authority, for servers that a test starts.
#pragma once

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace jobqueue::test {

class certificate {
 public:
  // Made out to `name`, such as "DNS:localhost", and written into `folder`; no longer valid if the
  // seconds are negative.
  certificate(const std::filesystem::path& folder, const std::string& name,
              long valid_seconds = 3600)
      : file_((folder / "certificate.pem").string()), key_file_((folder / "key.pem").string()) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    require(key && made);
    require(X509_set_version(made.get(), 2) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_seconds);
    X509_NAME* const subject = X509_get_subject_name(made.get());
    const unsigned char common_name[] = "test";
    require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1);
    require(X509_set_issuer_name(made.get(), subject) == 1);
    require(X509_set_pubkey(made.get(), key.get()) == 1);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str()),
        &X509_EXTENSION_free);
    require(names && X509_add_ext(made.get(), names.get(), -1) == 1);
    require(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);

    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(file_.c_str(), "w"),
                                                              &std::fclose);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> key_out(
        std::fopen(key_file_.c_str(), "w"), &std::fclose);
    require(out && PEM_write_X509(out.get(), made.get()) == 1);
    require(key_out && PEM_write_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) == 1);
  }

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] const std::string& key_file() const noexcept { return key_file_; }

 private:
  static void require(bool made) {
    if (!made) throw std::runtime_error("OpenSSL makes no certificate");
  }

  std::string file_;
  std::string key_file_;
};

}  // namespace jobqueue::test
