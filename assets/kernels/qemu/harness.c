/* Calls one kernel after the other on QEMU's Cortex-M4 and prints, as hexadecimal words, what each leaves behind.
 *
 * A PE's SRAM is at its own addresses (0 to 0x1ffff, but for the vector table), so that arguments are those of the
 * emulator; this code and the cases lie above. Devices are plain memory (run.py moves their addresses).
 */
#include <stdint.h>

struct image {
    uint32_t address, count;
    const uint32_t *words;
};

struct test {
    void (*function)(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
    uint32_t argument[8];
    const struct image *image;
    uint32_t images, result, results;
};

extern const struct test test[];
extern const uint32_t tests;
extern uint32_t stack_top;

/* First data address: what lies below is the vector table. */
#define SRAM_FIRST ((volatile uint32_t *)0x400u)
#define SRAM_END ((volatile uint32_t *)0x20000u)
#define CPACR (*(volatile uint32_t *)0xE000ED88u)

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void print(const char *text)
{
    semihost(0x04, text); /* SYS_WRITE0 */
}

static void print_word(uint32_t word)
{
    char text[10];
    for (int i = 0; i < 8; ++i)
        text[i] = "0123456789abcdef"[word >> (28 - 4 * i) & 15];
    text[8] = ' ';
    text[9] = 0;
    print(text);
}

/* Its execution marks the beginning of a case in QEMU's log. */
__attribute__((noinline, section(".kernels.next_case"))) void next_case(void)
{
    __asm__ volatile("");
}

static void clear(volatile uint32_t *from, const volatile uint32_t *end)
{
    while (from != end)
        *from++ = 0;
}

void reset(void)
{
    CPACR |= 0xFu << 20; /* full access to the FPU */
    __asm__ volatile("dsb\n isb" ::: "memory");
    for (const struct test *t = test; t != test + tests; ++t) {
        clear(SRAM_FIRST, SRAM_END);
        for (uint32_t device = 0; device < 3; ++device) {
            static volatile uint32_t *const at[] = {DEVICES};
            clear(at[device], at[device] + 64);
        }
        for (uint32_t i = 0; i < t->images; ++i)
            for (uint32_t k = 0; k < t->image[i].count; ++k)
                ((volatile uint32_t *)t->image[i].address)[k] = t->image[i].words[k];
        next_case();
        const uint32_t *const a = t->argument;
        t->function(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
        for (uint32_t k = 0; k < t->results; ++k)
            print_word(((volatile uint32_t *)t->result)[k]);
        print("\n");
    }
    semihost(0x18, (const void *)0x20026u); /* SYS_EXIT, all is well */
    for (;;)
        ;
}

static void fault(void)
{
    print("fault\n");
    semihost(0x18, (const void *)0x20023u);
    for (;;)
        ;
}

__attribute__((section(".vectors"), used)) static void *const vectors[] = {
    &stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
