// Plain C whose compiled form uses most of what gcc writes: the disassembly is compared with objdump's.
#include <stdint.h>

typedef struct { int32_t a; int16_t b; int8_t c; float f; } item;

int32_t divide(int32_t a, int32_t b) { return a / b + a % b; }
uint32_t divide_unsigned(uint32_t a, uint32_t b) { return a / b; }
uint64_t wide(uint32_t a, uint32_t b, uint64_t c) { return (uint64_t)a * b + c; }
int64_t wide_signed(int32_t a, int32_t b) { return (int64_t)a * b; }
uint64_t add64(uint64_t a, uint64_t b) { return a + b; }
uint64_t shift64(uint64_t a, uint32_t n) { return a >> n; }
int64_t shift64s(int64_t a) { return a >> 3; }
int32_t halves(int16_t a, int16_t b, int32_t c) { return a * b + c; }
uint32_t rotate(uint32_t a, uint32_t n) { return a >> (n & 31) | a << (-n & 31); }
uint32_t swap(uint32_t a) { return __builtin_bswap32(a); }
int32_t field(uint32_t a) { return (int32_t)(a << 12) >> 20; }
uint32_t insert(uint32_t a, uint32_t b) { return (a & ~0xFF0u) | (b << 4 & 0xFF0u); }
int32_t saturate(int32_t a) { return a > 32767 ? 32767 : a < -32768 ? -32768 : a; }
float polynomial(float x) { return ((3.0f * x + 0.5f) * x - 2.0f) * x; }
float root(float x) { return __builtin_sqrtf(x * x + 1.0f); }
float absolute(float x) { return __builtin_fabsf(x); }
float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c) + __builtin_fmaf(-a, b, c) + __builtin_fmaf(a, b, -c) + __builtin_fmaf(-a, b, -c); }
float scaled(int32_t a) { return (float)a / 256.0f; }
int32_t fixed(float a) { return (int32_t)(a * 65536.0f); }
uint32_t to_unsigned(float a) { return (uint32_t)a; }
float from_unsigned(uint32_t a) { return (float)a; }
int classify(float x) { return x > 1.0f ? 2 : x < -1.0f ? -2 : x != x ? 9 : 0; }

uint32_t choose(uint32_t n) {
    switch (n) {
    case 0: return 17;
    case 1: return n * 23 + 4;
    case 2: return n ^ 0xA5A5A5A5;
    case 3: return n << 7;
    case 4: return ~n;
    case 5: return n - 0x12345;
    case 6: return n | 0xFF00FF00;
    case 7: return n * n;
    default: return 0;
    }
}

static __attribute__((noinline)) int32_t helper(item *x) { x->a += x->b * 3; return x->a - x->c; }

int32_t structures(item *x, int32_t n) {
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += helper(&x[i]);
        x[i].b = (int16_t)sum;
        x[i].c = (int8_t)(sum >> 3);
        x[i].f += 0.25f * (float)i;
    }
    return sum;
}

int32_t indirect(int32_t (*f)(int32_t), int32_t x) { return f(x) + f(x + 1); }

void filter(float *y, const float *x, const float *k, int32_t n, int32_t taps) {
    for (int32_t i = 0; i < n; i++) {
        float sum = 0.0f;
        for (int32_t j = 0; j < taps; j++) {
            sum += k[j] * x[i + j];
        }
        y[i] = sum;
    }
}

uint32_t checksum(const uint8_t *bytes, uint32_t n) {
    uint32_t sum = 0xFFFFFFFF;
    for (uint32_t i = 0; i < n; i++) {
        sum ^= bytes[i];
        for (int k = 0; k < 8; k++) {
            sum = sum & 1 ? sum >> 1 ^ 0xEDB88320 : sum >> 1;
        }
    }
    return ~sum;
}

void copy(uint16_t *to, const uint16_t *from, uint32_t n) {
    while (n--) {
        *to++ = *from++;
    }
}

int32_t many(int32_t a, int32_t b, int32_t c, int32_t d, int32_t e, int32_t f, float g, float h) {
    volatile float local[12] = {0};
    local[a & 7] = g;
    local[b & 7] = h;
    return a * b + c * d - e * f + (int32_t)local[(c + d) & 7];
}

uint32_t bits(uint32_t a) { return __builtin_clz(a | 1) + __builtin_popcount(a) + (a & 0x00FF00FF) + __builtin_ctz(a | 4); }
