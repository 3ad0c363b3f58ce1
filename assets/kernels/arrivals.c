/* From the spikes in a PE's FIFO to the sums of its neurons, in the order in which spikes arrive.
 *
 * take_entries    how far the event handler has written (synapses.c)
 * arrive_...      adds the synapse rows of each spike's neuron to the sums
 * free_entries    the event handler may write over what was taken (synapses.c)
 *
 * No marks lie between FIFO and sums, so a spike is looked at once. Sums of singles depend on the order in their last
 * bits, and so on how the network is spread over PEs; sums of integers do not.
 */
#include <stdint.h>

/* Rows of a projection: neurons of the sender with synapses here. */
struct link {
    uint32_t first, neurons;
    const uint16_t *starts; /* first synapse of each neuron, and behind the last one's */
    const uint16_t *targets;
    const void *weights;
    uint32_t later; /* words from the sums of this time step to those that target 0 is the first of */
};

/* Projections of a sender that have synapses here. */
struct fan {
    const struct link *first, *end;
};

struct arrivals {
    const uint32_t *fifo_start, *fifo_end;
    const struct fan *senders;
    void *sums_end; /* first byte behind the ring of sums */
    uint32_t sums_words;
};

#define ARRIVE(name, words, sum_type, weight_type, value)                                                              \
    void name(const uint32_t *entry, const uint32_t *end, const struct arrivals *at, sum_type *now)                    \
    {                                                                                                                  \
        sum_type *const sums_end = at->sums_end;                                                                       \
        while (entry != end) {                                                                                         \
            const uint32_t key = entry[0];                                                                             \
            const float count = words > 1 ? (float)entry[words - 1] : 1.0f;                                            \
            const struct fan *const fan = at->senders + (key >> 24);                                                   \
            const struct link *link = fan->first, *const last_link = fan->end;                                         \
            (void)count;                                                                                               \
            entry += words;                                                                                            \
            if (__builtin_expect(entry == at->fifo_end, 0)) {                                                          \
                entry = at->fifo_start;                                                                                \
                __asm__ volatile("");                                                                                  \
            }                                                                                                          \
            for (; link != last_link; link++) {                                                                        \
                const uint32_t source = (key & 0xffffff) - link->first;                                                \
                if (source < link->neurons) {                                                                          \
                    sum_type *const base = now + link->later;                                                          \
                    const uint16_t *target = link->targets + link->starts[source];                                     \
                    const uint16_t *const last = link->targets + link->starts[source + 1];                             \
                    const weight_type *weight = (const weight_type *)link->weights + link->starts[source];             \
                    while (target != last) {                                                                           \
                        sum_type *sum = base + *target++;                                                              \
                        const weight_type w = *weight++;                                                               \
                        sum_type *const turned = sum - at->sums_words;                                                 \
                        if (sum >= sums_end)                                                                           \
                            sum = turned;                                                                              \
                        *sum = *sum + (value);                                                                         \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

ARRIVE(arrive, 1, float, float, w)
ARRIVE(arrive_counts, 2, float, float, w *count)
ARRIVE(arrive_integers, 1, int32_t, int8_t, w)
ARRIVE(arrive_integer_counts, 2, int32_t, int8_t, w *(int32_t)count)
