/* From the spikes in a PE's FIFO to the sums of its neurons.
 *
 * take_entries    how far the event handler has written; what comes later is for later
 * collect         marks each spike's source, so that the order of arrival no longer matters
 * deliver_...     adds the synapse rows of the marked sources, in ascending order, to the sums
 * free_entries    the event handler may write over what was taken
 *
 * A source is marked by a bit, and where neurons spike more than once in a time step, by a count beside it.
 */
#include "registers.h"

void take_entries(uint32_t *taken)
{
    *taken = EVENTS->write;
}

void free_entries(const uint32_t *taken)
{
    EVENTS->read = *taken;
}

/* One sender: the neurons of it that have synapses here, and where they are marked. */
struct sender {
    uint32_t first, neurons;
    uint32_t *bits;
    float *counts;
};

/* Keys: bits 31:24 the sender, 23:0 its neuron. */
void collect(const uint32_t *entry, const uint32_t *end, const uint32_t *ring_start, const uint32_t *ring_end,
             const struct sender *senders)
{
    while (entry != end) {
        const uint32_t key = *entry++;
        const struct sender *const sender = senders + (key >> 24);
        const uint32_t neuron = (key & 0xffffff) - sender->first;
        if (__builtin_expect(neuron < sender->neurons, 1))
            sender->bits[neuron >> 5] |= 1u << (neuron & 31);
        if (__builtin_expect(entry == ring_end, 0)) {
            entry = ring_start;
            __asm__ volatile("");
        }
    }
}

/* Entries of two words: key and number of spikes. */
void collect_counts(const uint32_t *entry, const uint32_t *end, const uint32_t *ring_start, const uint32_t *ring_end,
                    const struct sender *senders)
{
    while (entry != end) {
        const uint32_t key = entry[0], spikes = entry[1];
        const struct sender *const sender = senders + (key >> 24);
        const uint32_t neuron = (key & 0xffffff) - sender->first;
        entry += 2;
        if (__builtin_expect(neuron < sender->neurons, 1)) {
            sender->bits[neuron >> 5] |= 1u << (neuron & 31);
            sender->counts[neuron] = (float)spikes;
        }
        if (__builtin_expect(entry == ring_end, 0)) {
            entry = ring_start;
            __asm__ volatile("");
        }
    }
}

struct rows {
    const uint32_t *bits; /* marks of the sources, 32 a word */
    uint32_t words;
    const float *counts;
    const uint16_t *starts; /* first synapse of each source, and behind the last one's */
    const uint16_t *targets;
    const void *weights;
};

/* The next marked source of a word of marks; `left` is not 0. */
static inline uint32_t next(uint32_t *left)
{
    const uint32_t lowest = *left & -*left;
    *left ^= lowest;
    return 31 - (uint32_t)__builtin_clz(lowest);
}

/* All synapses of the rows have one delay: `sums` are those of the time step in which they take effect. */
#define DELIVER(name, sum_type, weight_type, value)                                                                    \
    void name(const struct rows *rows, sum_type *sums)                                                                 \
    {                                                                                                                  \
        const uint32_t *bits = rows->bits;                                                                             \
        const uint32_t *const end = bits + rows->words;                                                                \
        const uint16_t *starts = rows->starts;                                                                         \
        const float *counts = rows->counts;                                                                            \
        for (; bits != end; starts += 32, counts += 32)                                                                \
            for (uint32_t left = *bits++; left;) {                                                                     \
                const uint32_t source = next(&left);                                                                   \
                const float count = counts[source];                                                                    \
                const uint16_t *target = rows->targets + starts[source];                                               \
                const uint16_t *const last = rows->targets + starts[source + 1];                                       \
                const weight_type *weight = (const weight_type *)rows->weights + starts[source];                       \
                (void)count;                                                                                           \
                while (target != last) {                                                                               \
                    sum_type *const sum = sums + *target++;                                                            \
                    const weight_type w = *weight++;                                                                   \
                    *sum = *sum + (value);                                                                             \
                }                                                                                                      \
            }                                                                                                          \
    }

DELIVER(deliver, float, float, w)
DELIVER(deliver_counts, float, float, w *count)
DELIVER(deliver_integers, int32_t, int8_t, w)
DELIVER(deliver_integer_counts, int32_t, int8_t, w *(int32_t)count)

/* Delays differ: a target is its place in the ring of sums, counted from that of this time step (`now`). */
#define DELIVER_LATER(name, sum_type, weight_type, value)                                                              \
    void name(const struct rows *rows, sum_type *now, sum_type *ring_end, uint32_t ring_words)                         \
    {                                                                                                                  \
        const uint32_t *bits = rows->bits;                                                                             \
        const uint32_t *const end = bits + rows->words;                                                                \
        const uint16_t *starts = rows->starts;                                                                         \
        const float *counts = rows->counts;                                                                            \
        for (; bits != end; starts += 32, counts += 32)                                                                \
            for (uint32_t left = *bits++; left;) {                                                                     \
                const uint32_t source = next(&left);                                                                   \
                const float count = counts[source];                                                                    \
                const uint16_t *target = rows->targets + starts[source];                                               \
                const uint16_t *const last = rows->targets + starts[source + 1];                                       \
                const weight_type *weight = (const weight_type *)rows->weights + starts[source];                       \
                (void)count;                                                                                           \
                while (target != last) {                                                                               \
                    sum_type *sum = now + *target++;                                                                   \
                    const weight_type w = *weight++;                                                                   \
                    sum_type *const turned = sum - ring_words;                                                         \
                    if (sum >= ring_end)                                                                               \
                        sum = turned;                                                                                  \
                    *sum = *sum + (value);                                                                             \
                }                                                                                                      \
            }                                                                                                          \
    }

DELIVER_LATER(deliver_later, float, float, w)
DELIVER_LATER(deliver_later_counts, float, float, w *count)
DELIVER_LATER(deliver_later_integers, int32_t, int8_t, w)
DELIVER_LATER(deliver_later_integer_counts, int32_t, int8_t, w *(int32_t)count)
