#include "api/http/tls_context.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <stdexcept>

namespace api {
namespace {

namespace ssl = boost::asio::ssl;

// Mozilla's "intermediate", version 5.7, without finite-field groups, which would have to be made.
constexpr const char* ciphers_of_tls12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* ciphers_of_tls13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* groups = "X25519:prime256v1:secp384r1";

/// Runs a step of setting up; says what it was about when it fails.
template <class Step>
void attempt(const std::string& what, const std::string& file, Step step) {
  try {
    step();
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error("cannot use the " + what + " " + file + ": " + error.code().message() +
                             "; remedy: a PEM file that can be read");
  }
}

void require(bool is_set, const char* what) {
  if (!is_set) throw std::runtime_error(std::string("OpenSSL does not take the ") + what);
}

/// A key that others can read is no secret.
void require_secret(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return;  // said when it is read
  constexpr mode_t for_others = S_IWGRP | S_IXGRP | S_IRWXO;
  if ((status.st_mode & for_others) == 0) return;
  throw std::runtime_error("the key " + file +
                           " can be read or changed by others; remedy: chmod 600 " + file);
}

}  // namespace

TlsContext make_server_context(const TlsSettings& settings) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  context->set_options(ssl::context::default_workarounds | ssl::context::no_compression |
                       SSL_OP_NO_RENEGOTIATION);
  require(SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1, "least version");
  require(SSL_CTX_set_cipher_list(native, ciphers_of_tls12) == 1, "ciphers");
  require(SSL_CTX_set_ciphersuites(native, ciphers_of_tls13) == 1, "ciphers of TLS 1.3");
  require(SSL_CTX_set1_groups_list(native, groups) == 1, "groups");
  // A connection that waits shall cost little.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_early_data(native, 0);
  require_secret(settings.key_file);
  attempt("certificate", settings.certificate_file,
          [&] { context->use_certificate_chain_file(settings.certificate_file); });
  attempt("key", settings.key_file,
          [&] { context->use_private_key_file(settings.key_file, ssl::context::pem); });
  require(SSL_CTX_check_private_key(native) == 1, "key: it is not that of the certificate");
  if (!settings.client_ca_file.empty()) {
    attempt("CA of clients", settings.client_ca_file, [&] {
      context->load_verify_file(settings.client_ca_file);
      context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    });
    SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(settings.client_ca_file.c_str()));
    // Sessions of clients with certificates want a name; there are none.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    context->set_options(SSL_OP_NO_TICKET);
  }
  return context;
}

TlsContext make_client_context(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  require(SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION) == 1,
          "least version");
  if (ca_file.empty()) {
    context->set_default_verify_paths();
  } else {
    attempt("CA file", ca_file, [&] { context->load_verify_file(ca_file); });
  }
  context->set_verify_mode(ssl::verify_peer);
  return context;
}

std::string subject_of_peer(SSL* connection) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate{
      SSL_get1_peer_certificate(connection), X509_free};
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> text{BIO_new(BIO_s_mem()), BIO_free_all};
  if (!certificate || !text) return {};
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  std::string subject(BIO_ctrl_pending(text.get()), '\0');
  BIO_read(text.get(), subject.data(), static_cast<int>(subject.size()));
  return subject;
}

}  // namespace api
