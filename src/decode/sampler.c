#include <math.h>
#include <unroll/generate.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/rng.h"
#include "base/versioned.h"

typedef struct candidate {
    double p; /**< not normalised */
    uint32_t id;
} candidate;

struct unroll_sampler {
    size_t outputs;
    unroll_choice choice;
    unroll_rng rng;
    candidate *candidate; /**< [outputs] */
};

unroll_status unroll_sampler_new(size_t outputs, const unroll_choice *choice, uint64_t seed,
                                 unroll_sampler **out)
{
    unroll_choice own = {.temperature = 1};
    char number[32];
    *out = NULL;
    if (choice)
        UNROLL_TRY(unroll_versioned_copy("unroll_choice", choice, &own, sizeof own));
    if (outputs == 0 || outputs > UINT32_MAX)
        return unroll_fail(UNROLL_EUSAGE, "a sampler needs 1 to 2^32-1 outputs, not %zu", outputs);
    if (!isfinite(own.temperature) || own.temperature < 0)
        return unroll_fail(UNROLL_EUSAGE, "the temperature is %s; give 0 (greedy) or more",
                           unroll_format_double(number, own.temperature));
    if (!(own.top_p >= 0 && own.top_p <= 1))
        return unroll_fail(UNROLL_EUSAGE, "top-p is %s; give 0 to 1",
                           unroll_format_double(number, own.top_p));
    unroll_sampler *s = unroll_alloc(1, sizeof *s);
    if (s == NULL)
        return UNROLL_EMEMORY;
    s->outputs = outputs;
    s->choice = own;
    unroll_sampler_seed(s, seed);
    if ((s->candidate = unroll_alloc(outputs, sizeof *s->candidate)) == NULL) {
        unroll_free(s);
        return UNROLL_EMEMORY;
    }
    *out = s;
    return UNROLL_OK;
}

void unroll_sampler_seed(unroll_sampler *s, uint64_t seed)
{
    unroll_rng_seed(&s->rng, seed, UNROLL_STREAM_SAMPLE);
}

void unroll_sampler_free(unroll_sampler *s)
{
    if (s == NULL)
        return;
    unroll_free(s->candidate);
    unroll_free(s);
}

/** The largest logit's id, the lowest of equals; NaN counts as −infinity. */
static uint32_t largest(size_t outputs, const unroll_real *logits)
{
    size_t best = 0;
    for (size_t i = 1; i < outputs; i++)
        if (logits[i] > logits[best] || (isnan(logits[best]) && !isnan(logits[i])))
            best = i;
    return (uint32_t)best;
}

/** Does a come before b? More probable first, then the lower id. */
static bool before(const candidate *a, const candidate *b)
{
    return a->p > b->p || (a->p == b->p && a->id < b->id);
}

static void sift_down(candidate *heap, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (!before(&heap[child], &heap[at]))
            return;
        const candidate swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/** The best of a heap of `count`, which it leaves for the place behind the shrunken heap. */
static double pop(candidate *heap, size_t count)
{
    const candidate best = heap[0];
    heap[0] = heap[count - 1];
    heap[count - 1] = best;
    sift_down(heap, count - 1, 0);
    return best.p;
}

/** Move the most probable ones, best first, to the array's end until top_k or top_p is met; top_p
 *  is a share of what top_k leaves. A heap, because few are wanted of many.
 *  @param total  the sum of all; becomes that of those kept
 *  @return how many are kept */
static size_t keep_best(const unroll_sampler *s, double *total)
{
    const size_t n = s->outputs;
    const bool bounded = s->choice.top_k > 0 && s->choice.top_k < n;
    const size_t most = bounded ? (size_t)s->choice.top_k : n;
    candidate *heap = s->candidate;
    for (size_t i = n / 2; i-- > 0;)
        sift_down(heap, n, i);
    if (bounded) {
        *total = 0;
        for (size_t i = 0; i < most; i++)
            *total += pop(heap, n - i);
    }
    if (s->choice.top_p == 0 || s->choice.top_p == 1)
        return most;
    const double enough = s->choice.top_p * *total;
    size_t kept = 0;
    double sum = 0;
    do {
        sum += bounded ? heap[n - 1 - kept].p : pop(heap, n - kept);
        kept++;
    } while (kept < most && sum < enough);
    *total = sum;
    return kept;
}

uint32_t unroll_sampler_next(unroll_sampler *s, const unroll_real *logits)
{
    const size_t n = s->outputs;
    const uint32_t best = largest(n, logits);
    if (s->choice.temperature == 0 || s->choice.top_k == 1 || !isfinite(logits[best]))
        return best;
    double total = 0;
    for (size_t i = 0; i < n; i++) {
        const double distance = (double)logits[i] - (double)logits[best];
        const double p = isnan(distance) ? 0 : exp(distance / s->choice.temperature);
        s->candidate[i] = (candidate){p, (uint32_t)i};
        total += p;
    }
    size_t kept = n;
    if ((s->choice.top_k > 0 && s->choice.top_k < n) || (s->choice.top_p > 0 && s->choice.top_p < 1))
        kept = keep_best(s, &total);

    /* Kept ones stand at the end, the best last: the walk is short, and rounding leaves it at one
     * that has a probability. */
    double left = unroll_rng_uniform(&s->rng) * total;
    uint32_t chosen = best;
    for (size_t i = n; i-- > n - kept;) {
        if (s->candidate[i].p <= 0)
            continue;
        chosen = s->candidate[i].id;
        left -= s->candidate[i].p;
        if (left < 0)
            break;
    }
    return chosen;
}
