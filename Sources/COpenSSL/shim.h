#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Macros with casts, which Swift does not import. */
static const uint64_t LandlineTLSOptions = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;
