#include <stddef.h>
#include <stdint.h>

// Checksums by instructions that not every processor has, and that Swift cannot name. On other processors, and for what is
// left over, there are the tables in CRC64NVME.swift and CRC32C.swift, which the tests compare with these.

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

// PCLMULQDQ and SSE4.2 (Intel SDM, volume 2A, CPUID leaf 1, ECX bits 1 and 20).
static inline int cchecksum_is_supported(void) {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    const unsigned needed = 1u << 1 | 1u << 20;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & needed) == needed;
}

// Multiplies both halves of a block by powers of x, so that it can be added to one that comes later.
__attribute__((target("pclmul"))) static inline __m128i cchecksum_fold(__m128i block, __m128i powers) {
    return _mm_xor_si128(_mm_clmulepi64_si128(block, powers, 0x00), _mm_clmulepi64_si128(block, powers, 0x11));
}

// Makes of `count` bytes, a multiple of 64 and not 0, sixteen that have the same CRC-64/NVME when it begins with 0.
//
// Source: Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009. The
// constants are x^(d + 63) and x^(d - 1) modulo the polynomial, reflected, for a distance of d = 512 and 128 bits.
__attribute__((target("pclmul"))) static inline void cchecksum_crc64nvme_fold(
    uint64_t state, const void *bytes, size_t count, uint64_t *folded
) {
    const __m128i by512 = _mm_set_epi64x(0x62242240ace5045a, 0x0c32cdb31e18a84a);
    const __m128i by128 = _mm_set_epi64x(0x21e9761e252621ac, (long long)0xeadc41fd2ba3d420);
    const __m128i *block = (const __m128i *)bytes, *end = block + count / 16;
    __m128i a = _mm_xor_si128(_mm_loadu_si128(block), _mm_set_epi64x(0, (long long)state));
    __m128i b = _mm_loadu_si128(block + 1), c = _mm_loadu_si128(block + 2), d = _mm_loadu_si128(block + 3);
    for (block += 4; block < end; block += 4) {
        a = _mm_xor_si128(cchecksum_fold(a, by512), _mm_loadu_si128(block));
        b = _mm_xor_si128(cchecksum_fold(b, by512), _mm_loadu_si128(block + 1));
        c = _mm_xor_si128(cchecksum_fold(c, by512), _mm_loadu_si128(block + 2));
        d = _mm_xor_si128(cchecksum_fold(d, by512), _mm_loadu_si128(block + 3));
    }
    b = _mm_xor_si128(b, cchecksum_fold(a, by128));
    c = _mm_xor_si128(c, cchecksum_fold(b, by128));
    d = _mm_xor_si128(d, cchecksum_fold(c, by128));
    _mm_storeu_si128((__m128i *)folded, d);
}

// Goes on with a CRC-32C by `count` words of eight bytes.
__attribute__((target("sse4.2"))) static inline uint32_t cchecksum_crc32c(
    uint32_t state, const void *bytes, size_t count
) {
    const char *word = bytes;
    uint64_t wide = state;
    for (size_t index = 0; index < count; index++, word += 8) {
        uint64_t value;
        __builtin_memcpy(&value, word, sizeof value);
        wide = _mm_crc32_u64(wide, value);
    }
    return (uint32_t)wide;
}
#else
static inline int cchecksum_is_supported(void) { return 0; }
static inline void cchecksum_crc64nvme_fold(uint64_t state, const void *bytes, size_t count, uint64_t *folded) {
    (void)state, (void)bytes, (void)count, (void)folded;
}
static inline uint32_t cchecksum_crc32c(uint32_t state, const void *bytes, size_t count) {
    (void)bytes, (void)count;
    return state;
}
#endif
