// The low-level digest functions are what OpenSSL's own assembly hangs on: they take no lock and fetch no provider,
// which for the short messages of SigV4 is several times faster than EVP. OpenSSL 3 marks them deprecated but keeps
// them; without this macro every use would be a warning.
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
