/* Translation: an encoder reads the source, a decoder each target token from those before it.
 *
 * An epoch shuffles the pairs, sorts runs of POOL batches by length, so that little is padding, and
 * shuffles the batches. All of it follows from the seed and the epoch alone, so the place is all that
 * resume needs. Rows of the last batch that no pair is left for are padding throughout. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "task/task.h"

enum { POOL = 64 };

/* Arrays of one batch. */
typedef struct buffers {
    uint32_t *source, *input, *target;
    unroll_real *weight;
    uint8_t *source_mode, *mode;
} buffers;

/* A pair in the order of an epoch. */
typedef struct place {
    size_t pair, shuffled;
    size_t length[UNROLL_SIDES];
} place;

typedef struct translate_task {
    const unroll_pairs *pairs;
    unroll_task_translate_options options;
    uint64_t place[2]; /* epoch, batch: of the next training batch */
    uint64_t prepared; /* the epoch that `order` is of, plus one */
    place *order;      /* [training pairs] */
    size_t *batch;     /* [batches] the slice of `order` that each is */
    size_t batches;
    place *held[3]; /* validation and test pairs, by length; [0] is none */
    buffers train, eval;
    double padding;
} translate_task;

/* ---- order ---- */

static int by_length(const void *left, const void *right)
{
    const place *a = left, *b = right;
    for (int side = UNROLL_TARGET; side >= UNROLL_SOURCE; side--)
        if (a->length[side] != b->length[side])
            return a->length[side] < b->length[side] ? -1 : 1;
    return (a->shuffled > b->shuffled) - (a->shuffled < b->shuffled);
}

static void list(const unroll_pairs_part *part, place *order)
{
    for (size_t i = 0; i < part->count; i++) {
        const unroll_pair *pair = &part->pair[i];
        order[i] = (place){i, i, {pair->length[0], pair->length[1]}};
    }
}

/* Fisher and Yates, from the seed and the epoch alone. */
static void prepare_epoch(translate_task *t, uint64_t epoch)
{
    const unroll_pairs_part *part = unroll_pairs_get_part(t->pairs, UNROLL_TRAIN);
    if (t->prepared == epoch + 1)
        return;
    unroll_rng rng;
    unroll_rng_seed(&rng, unroll_rng_hash(t->options.seed, epoch), UNROLL_STREAM_DATA);
    list(part, t->order);
    for (size_t i = part->count; i > 1; i--) {
        const size_t k = (size_t)unroll_rng_below(&rng, i);
        const place swapped = t->order[i - 1];
        t->order[i - 1] = t->order[k];
        t->order[k] = swapped;
        t->order[i - 1].shuffled = i - 1;
    }
    if (part->count)
        t->order[0].shuffled = 0;
    const size_t pool = POOL * t->options.B;
    for (size_t at = 0; at < part->count; at += pool)
        qsort(t->order + at, part->count - at < pool ? part->count - at : pool, sizeof *t->order,
              by_length);
    for (size_t i = 0; i < t->batches; i++)
        t->batch[i] = i;
    for (size_t i = t->batches; i > 1; i--) {
        const size_t k = (size_t)unroll_rng_below(&rng, i);
        const size_t swapped = t->batch[i - 1];
        t->batch[i - 1] = t->batch[k];
        t->batch[k] = swapped;
    }
    t->prepared = epoch + 1;
}

/* ---- batches ---- */

static unroll_status buffers_new(buffers *b, size_t S, size_t T, size_t B)
{
    size_t source, target;
    if (!unroll_mul(S, B, &source) || !unroll_mul(T, B, &target))
        source = target = SIZE_MAX;
    b->source = unroll_alloc(source, sizeof *b->source);
    b->source_mode = unroll_alloc(source, sizeof *b->source_mode);
    b->input = unroll_alloc(target, sizeof *b->input);
    b->target = unroll_alloc(target, sizeof *b->target);
    b->weight = unroll_alloc(target, sizeof *b->weight);
    b->mode = unroll_alloc(target, sizeof *b->mode);
    return b->source && b->source_mode && b->input && b->target && b->weight && b->mode
               ? UNROLL_OK
               : UNROLL_EMEMORY;
}

static void buffers_free(buffers *b)
{
    unroll_free(b->source);
    unroll_free(b->source_mode);
    unroll_free(b->input);
    unroll_free(b->target);
    unroll_free(b->weight);
    unroll_free(b->mode);
}

/* Column b. */
static void put_source(const buffers *to, const unroll_pair *pair, bool reverse, size_t S, size_t B,
                       size_t b)
{
    const size_t n = pair ? pair->length[UNROLL_SOURCE] : 0;
    for (size_t s = 0; s < S; s++) {
        const size_t from = reverse && s < n ? n - 1 - s : s;
        to->source[s * B + b] = s < n ? pair->id[UNROLL_SOURCE][from] : UNROLL_ID_END;
        to->source_mode[s * B + b] = s < n ? UNROLL_RUN : UNROLL_HOLD;
    }
}

static void put_target(const buffers *to, const unroll_pair *pair, size_t T, size_t B, size_t b)
{
    const size_t n = pair ? pair->length[UNROLL_TARGET] : 0;
    for (size_t t = 0; t < T; t++) {
        const bool runs = t < n;
        to->input[t * B + b] = !runs ? UNROLL_ID_END
                               : t   ? pair->id[UNROLL_TARGET][t - 1]
                                     : UNROLL_ID_BEGIN;
        to->target[t * B + b] = runs ? pair->id[UNROLL_TARGET][t] : UNROLL_ID_END;
        to->weight[t * B + b] = runs ? 1 : 0;
        to->mode[t * B + b] = runs ? UNROLL_RUN : UNROLL_HOLD;
    }
}

/* The pairs order[0] … order[count − 1], count <= B, as one batch. */
static void fill(const translate_task *t, const unroll_pairs_part *part, const place *order,
                 size_t count, const buffers *to, unroll_batch *out)
{
    const size_t B = t->options.B;
    size_t longest[UNROLL_SIDES] = {1, 1};
    for (size_t b = 0; b < count; b++)
        for (int side = 0; side < UNROLL_SIDES; side++)
            if (order[b].length[side] > longest[side])
                longest[side] = order[b].length[side];
    for (size_t b = 0; b < B; b++) {
        const unroll_pair *pair = b < count ? &part->pair[order[b].pair] : NULL;
        put_source(to, pair, t->options.reverse, longest[UNROLL_SOURCE], B, b);
        put_target(to, pair, longest[UNROLL_TARGET], B, b);
    }
    *out = (unroll_batch){.T = longest[UNROLL_TARGET],
                          .B = B,
                          .input = to->input,
                          .target = to->target,
                          .weight = to->weight,
                          .mode = to->mode,
                          .S = longest[UNROLL_SOURCE],
                          .source = to->source,
                          .source_mode = to->source_mode};
}

static size_t slice(const translate_task *t, size_t count, uint64_t i)
{
    const size_t left = count - (size_t)i * t->options.B;
    return left < t->options.B ? left : t->options.B;
}

static unroll_status next(void *self, unroll_batch *out)
{
    translate_task *t = self;
    const unroll_pairs_part *part = unroll_pairs_get_part(t->pairs, UNROLL_TRAIN);
    if (t->batches == 0)
        return unroll_fail(UNROLL_EDATA, "%s: no pair to train on", unroll_pairs_name(t->pairs));
    if (t->place[1] >= t->batches) {
        t->place[0]++;
        t->place[1] = 0;
    }
    prepare_epoch(t, t->place[0]);
    const size_t i = t->batch[t->place[1]++];
    fill(t, part, t->order + i * t->options.B, slice(t, part->count, i), &t->train, out);
    return UNROLL_OK;
}

static unroll_status eval(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                          bool *more)
{
    translate_task *t = self;
    const unroll_pairs_part *part = unroll_pairs_get_part(t->pairs, split);
    *more = split != UNROLL_TRAIN && i < (part->count + t->options.B - 1) / t->options.B;
    if (*more)
        fill(t, part, t->held[split] + (size_t)i * t->options.B, slice(t, part->count, i), &t->eval,
             out);
    return UNROLL_OK;
}

static void state(void *self, unroll_visit *visit, void *arg)
{
    translate_task *t = self;
    visit(arg, "task.place", UNROLL_FIELD_U64, t->place, 2);
}

static void translate_free(void *self)
{
    translate_task *t = self;
    if (!t)
        return;
    buffers_free(&t->train);
    buffers_free(&t->eval);
    unroll_free(t->order);
    unroll_free(t->batch);
    for (int i = UNROLL_VALID; i <= UNROLL_TEST; i++)
        unroll_free(t->held[i]);
    unroll_free(t);
}

/* Share of the first epoch's positions, both sides, that no token stands at. */
static double measure_padding(translate_task *t)
{
    const unroll_pairs_part *part = unroll_pairs_get_part(t->pairs, UNROLL_TRAIN);
    double positions = 0, tokens = 0;
    prepare_epoch(t, 0);
    for (size_t i = 0; i < t->batches; i++) {
        const place *order = t->order + i * t->options.B;
        for (int side = 0; side < UNROLL_SIDES; side++) {
            size_t longest = 0;
            for (size_t b = 0; b < slice(t, part->count, i); b++) {
                tokens += (double)order[b].length[side];
                longest = order[b].length[side] > longest ? order[b].length[side] : longest;
            }
            positions += (double)longest * (double)t->options.B;
        }
    }
    return positions > 0 ? 1 - tokens / positions : 0;
}

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static unroll_status prepare(translate_task *t)
{
    const unroll_pairs_part *part[3];
    for (int i = UNROLL_TRAIN; i <= UNROLL_TEST; i++)
        part[i] = unroll_pairs_get_part(t->pairs, (enum unroll_split)i);
    t->batches = (part[0]->count + t->options.B - 1) / t->options.B;
    t->order = unroll_alloc(part[0]->count, sizeof *t->order);
    t->batch = unroll_alloc(t->batches, sizeof *t->batch);
    if (!t->order || !t->batch)
        return UNROLL_EMEMORY;
    for (int i = UNROLL_VALID; i <= UNROLL_TEST; i++) {
        t->held[i] = unroll_alloc(part[i]->count, sizeof *t->held[i]);
        if (!t->held[i])
            return UNROLL_EMEMORY;
        list(part[i], t->held[i]);
        qsort(t->held[i], part[i]->count, sizeof *t->held[i], by_length);
    }
    UNROLL_TRY(buffers_new(&t->train, part[0]->longest[0], part[0]->longest[1], t->options.B));
    return buffers_new(&t->eval, max_size(part[1]->longest[0], part[2]->longest[0]),
                       max_size(part[1]->longest[1], part[2]->longest[1]), t->options.B);
}

unroll_status unroll_task_translate(const unroll_pairs *pairs,
                                    const unroll_task_translate_options *options, unroll_task *out)
{
    const unroll_pairs_part *train = unroll_pairs_get_part(pairs, UNROLL_TRAIN);
    const unroll_pairs_part *valid = unroll_pairs_get_part(pairs, UNROLL_VALID);
    const unroll_pairs_part *test = unroll_pairs_get_part(pairs, UNROLL_TEST);
    *out = (unroll_task){0};
    translate_task *t = unroll_alloc(1, sizeof *t);
    if (!t)
        return UNROLL_EMEMORY;
    t->pairs = pairs;
    t->options = *options;
    const unroll_status status = prepare(t);
    if (status != UNROLL_OK) {
        translate_free(t);
        return status;
    }
    t->padding = measure_padding(t);
    const size_t V = unroll_vocabulary_size(unroll_pairs_vocabulary(pairs, UNROLL_TARGET));
    double targets = 0;
    for (size_t i = 0; i < train->count; i++)
        targets += (double)train->pair[i].length[UNROLL_TARGET];
    *out = (unroll_task){.self = t,
                         .inputs = V,
                         .outputs = V,
                         .source =
                             unroll_vocabulary_size(unroll_pairs_vocabulary(pairs, UNROLL_SOURCE)),
                         .batches_per_epoch = t->batches,
                         .tokens_per_batch = t->batches ? targets / (double)t->batches : 0,
                         .next = next,
                         .eval = eval,
                         .train_T = train->longest[UNROLL_TARGET],
                         .train_B = options->B,
                         .eval_T = max_size(valid->longest[1], test->longest[1]),
                         .eval_B = options->B,
                         .train_S = train->longest[UNROLL_SOURCE],
                         .eval_S = max_size(valid->longest[0], test->longest[0]),
                         .state = state,
                         .free = translate_free};
    return UNROLL_OK;
}

double unroll_task_translate_padding(const unroll_task *task)
{
    const translate_task *t = task->self;
    return t->padding;
}
