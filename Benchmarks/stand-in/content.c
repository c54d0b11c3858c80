// The bytes of an object: one block of 1 MiB over and over, each time with a stamp at its beginning that says which
// object and which block it is. So what arrives can be compared at the speed of memory, and nothing can be mixed up.
#include "stand_in.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

// Above this an object has the ETag of a multipart upload, which is no MD5 of its bytes.
static const long maximum_hashed = 16 << 20;
enum { ETAG_BYTES = 40 };

static char block[CONTENT_BLOCK_BYTES];
static char zeros[CONTENT_BLOCK_BYTES];
static char (*etags)[ETAG_BYTES];

static void stamp_text(long object, uint64_t at, char *to) {
    unsigned number = (unsigned)(object % 1000000), turn = (unsigned)(at / CONTENT_BLOCK_BYTES);
    snprintf(to, CONTENT_STAMP_BYTES + 1, "o%06ub%08x", number, turn);
}

static void digest(long object, char *to) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned count;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_md5(), NULL);
    struct content rest = {object, 0, (uint64_t)options.object_bytes};
    if (options.object_bytes > maximum_hashed) rest.count = CONTENT_STAMP_BYTES;
    while (rest.count) {
        char stamps[4][CONTENT_STAMP_BYTES + 1];
        struct iovec pieces[8];
        int many = content_pieces(&rest, stamps, pieces);
        for (int piece = 0; piece < many; piece++) {
            EVP_DigestUpdate(context, pieces[piece].iov_base, pieces[piece].iov_len);
            rest.offset += pieces[piece].iov_len;
            rest.count -= pieces[piece].iov_len;
        }
    }
    EVP_DigestFinal_ex(context, bytes, &count);
    EVP_MD_CTX_free(context);
    for (int index = 0; index < 16; index++) sprintf(to + index * 2, "%02x", bytes[index]);
    if (options.object_bytes > maximum_hashed) sprintf(to + 32, "-%ld", (options.object_bytes - 1) / (8 << 20) + 1);
}

void content_prepare(void) {
    uint32_t state = 1;
    for (size_t index = 0; index < sizeof block; index++) {
        state = state * 1664525u + 1013904223u;
        block[index] = (char)(state >> 24);
    }
    if (!options.objects) return;
    etags = calloc((size_t)options.objects, sizeof *etags);
    if (!etags) fail("memory");
    for (long object = 0; object < options.objects; object++) digest(object, etags[object]);
}

const char *content_etag(long object) { return etags[object]; }

int content_pieces(const struct content *content, char stamps[4][CONTENT_STAMP_BYTES + 1], struct iovec *pieces) {
    uint64_t at = content->offset, end = content->offset + content->count;
    int count = 0;
    for (int turn = 0; turn < 4 && at < end; turn++) {
        size_t inside = at % CONTENT_BLOCK_BYTES;
        if (content->object < 0) {
            size_t length = end - at < sizeof zeros ? end - at : sizeof zeros;
            pieces[count++] = (struct iovec){zeros, length};
            at += length;
            continue;
        }
        if (inside < CONTENT_STAMP_BYTES) {
            stamp_text(content->object, at, stamps[turn]);
            size_t length = CONTENT_STAMP_BYTES - inside;
            if (length > end - at) length = end - at;
            pieces[count++] = (struct iovec){stamps[turn] + inside, length};
            at += length;
            inside += length;
            if (at == end) break;
        }
        size_t length = CONTENT_BLOCK_BYTES - inside;
        if (length > end - at) length = end - at;
        pieces[count++] = (struct iovec){block + inside, length};
        at += length;
    }
    return count;
}

void content_check(struct content_check *check, const char *bytes, size_t count) {
    while (count) {
        size_t inside = check->count % CONTENT_BLOCK_BYTES, length;
        if (inside < CONTENT_STAMP_BYTES) {
            length = CONTENT_STAMP_BYTES - inside;
            if (length > count) length = count;
            memcpy(check->stamp + inside, bytes, length);
            if (inside + length == CONTENT_STAMP_BYTES) {
                char text[CONTENT_STAMP_BYTES + 1] = {0}, expected[CONTENT_STAMP_BYTES + 1];
                memcpy(text, check->stamp, CONTENT_STAMP_BYTES);
                // The first stamp says where in the object this begins.
                if (!check->is_begun) check->offset = strtoull(text + 8, NULL, 16) * CONTENT_BLOCK_BYTES;
                check->is_begun = true;
                stamp_text(check->object, check->offset + check->count, expected);
                if (strcmp(text, expected)) check->is_wrong = true;
            }
        } else {
            length = CONTENT_BLOCK_BYTES - inside;
            if (length > count) length = count;
            if (memcmp(bytes, block + inside, length)) check->is_wrong = true;
        }
        check->count += length;
        bytes += length;
        count -= length;
    }
}
