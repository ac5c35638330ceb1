/* Language modelling over a corpus: windows of parallel streams to train on, one pass to evaluate.
 *
 * Every batch follows from its place (epoch, window) alone, so that place is all that resume needs.
 *
 * Lines lie behind each other on a tape: line k, of n tokens with both its newlines, takes n − 1
 * positions that predict, then one that resets the state. A tape's streams begin at the lines
 * nearest to equal cuts. */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "task/task.h"

enum { EVAL_T = 256 };

/* Arrays of one batch. */
typedef struct buffers {
    uint32_t *input, *target;
    unroll_real *weight;
    uint8_t *mode; /* these two only with lines */
} buffers;

typedef struct char_task {
    const unroll_corpus *corpus;
    unroll_task_char_options options;
    uint64_t place[2]; /* epoch, window: of the next training batch */
    uint64_t windows;  /* in an epoch */
    size_t stream;     /* positions of each stream, without lines */
    /* with lines: this epoch's tape */
    uint64_t shuffled; /* the epoch that `order` is of, plus one */
    size_t *order;     /* [lines] */
    size_t *start;     /* [lines + 1] position of each line of `order` */
    buffers train, eval;
} char_task;

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- sizes ---- */

/* Positions to train on, and the most streams they can be cut into. */
static void extent(const unroll_part *p, size_t *positions, size_t *streams)
{
    if (p->lines) {
        *positions = p->count - 1 + p->lines;
        *streams = p->lines;
    } else {
        *positions = p->count ? p->count - 1 : 0;
        *streams = *positions;
    }
}

static unroll_status fail_size(const unroll_corpus *corpus, size_t T, size_t B)
{
    const unroll_part *p = unroll_corpus_part(corpus, UNROLL_TRAIN);
    size_t positions, streams, need;
    extent(p, &positions, &streams);
    if (positions == 0)
        return unroll_fail(UNROLL_EDATA,
                           "%s: no token is left to train on; raise the first share of " UNROLL_OPTION
                           "split",
                           unroll_corpus_name(corpus));
    if (p->lines && B > streams)
        return unroll_fail(UNROLL_EDATA,
                           "%s: %zu lines to train on, " UNROLL_OPTION
                           "batch %zu needs at least %zu; lower " UNROLL_OPTION "batch",
                           unroll_corpus_name(corpus), p->lines, B, B);
    if (!unroll_mul(T, B, &need) || !unroll_add(need, 1, &need))
        need = SIZE_MAX;
    return unroll_fail(UNROLL_EDATA,
                       "%s: %zu tokens to train on, " UNROLL_OPTION "batch %zu and " UNROLL_OPTION
                       "seq-length %zu need at least %zu; lower " UNROLL_OPTION
                       "batch or " UNROLL_OPTION "seq-length",
                       unroll_corpus_name(corpus), p->count, B, T, need);
}

unroll_status unroll_task_char_fit(const unroll_corpus *corpus, bool user_T, bool user_B, size_t *T,
                                   size_t *B)
{
    size_t positions, streams;
    extent(unroll_corpus_part(corpus, UNROLL_TRAIN), &positions, &streams);
    size_t t = *T, b = *B;
    if (!user_B) {
        if (t && b > positions / t)
            b = max_size(positions / t, 1);
        if (b > streams)
            b = max_size(streams, 1);
    }
    if (!user_T && b && t > positions / b)
        t = max_size(positions / b, 1);
    if (t == 0 || b == 0 || b > streams || t > positions / b)
        return fail_size(corpus, *T, *B);
    *T = t;
    *B = b;
    return UNROLL_OK;
}

static unroll_status buffers_new(buffers *b, size_t T, size_t B, bool lines)
{
    size_t count;
    if (!unroll_mul(T, B, &count))
        count = SIZE_MAX;
    b->input = unroll_alloc(count, sizeof *b->input);
    b->target = unroll_alloc(count, sizeof *b->target);
    if (lines) {
        b->weight = unroll_alloc(count, sizeof *b->weight);
        b->mode = unroll_alloc(count, sizeof *b->mode);
    }
    return b->input && b->target && (!lines || (b->weight && b->mode)) ? UNROLL_OK : UNROLL_EMEMORY;
}

static void buffers_free(buffers *b)
{
    unroll_free(b->input);
    unroll_free(b->target);
    unroll_free(b->weight);
    unroll_free(b->mode);
}

static void set_batch(unroll_batch *out, const buffers *b, size_t T, size_t B, bool carry)
{
    *out = (unroll_batch){.T = T,
                          .B = B,
                          .carry = carry,
                          .input = b->input,
                          .target = b->target,
                          .weight = b->weight,
                          .mode = b->mode};
}

/* ---- lines ---- */

/* Fisher and Yates, from the seed and the epoch alone. */
static void shuffle(char_task *c, const unroll_part *p)
{
    if (c->shuffled == c->place[0] + 1)
        return;
    unroll_rng rng;
    unroll_rng_seed(&rng, unroll_rng_hash(c->options.seed, c->place[0]), UNROLL_STREAM_DATA);
    for (size_t i = 0; i < p->lines; i++)
        c->order[i] = i;
    for (size_t i = p->lines; i > 1; i--) {
        const size_t k = (size_t)unroll_rng_below(&rng, i);
        const size_t line = c->order[i - 1];
        c->order[i - 1] = c->order[k];
        c->order[k] = line;
    }
    for (size_t i = 0; i < p->lines; i++) {
        const size_t line = c->order[i];
        c->start[i + 1] = c->start[i] + p->line[line + 1] - p->line[line] + 1;
    }
    c->shuffled = c->place[0] + 1;
}

/* Where line i of the tape begins: shuffled, or in the order of the part. */
static size_t tape_start(const unroll_part *p, const size_t *start, size_t i)
{
    return start ? start[i] : p->line[i] - p->line[0] + i;
}

/* The first line of the tape that begins at `position` or after it. */
static size_t tape_line(const unroll_part *p, const size_t *start, size_t position)
{
    size_t low = 0, high = p->lines;
    while (low < high) {
        const size_t mid = (low + high) / 2;
        if (tape_start(p, start, mid) < position)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The lines of a part one behind the other, in the order that they are read in. */
typedef struct line_tape {
    const unroll_part *part;
    const size_t *order, *start; /* NULL: as they stand in the text */
} line_tape;

/* Column b of a batch: T positions of the tape from `at` on, resets from `end` on. */
static void read_tape(const line_tape *tape, size_t at, size_t end, const buffers *into, size_t T,
                      size_t B, size_t b)
{
    const unroll_part *p = tape->part;
    const size_t *order = tape->order, *start = tape->start;
    size_t i = tape_line(p, start, at + 1) - 1;
    for (size_t t = 0; t < T; t++, at++) {
        const size_t to = t * B + b;
        while (at < end && at >= tape_start(p, start, i + 1))
            i++;
        const size_t line = at < end ? order ? order[i] : i : 0;
        const size_t from = p->line[line] + (at < end ? at - tape_start(p, start, i) : 0);
        const bool predicts = at < end && from < p->line[line + 1];
        into->input[to] = unroll_id_at(p->ids, predicts ? from : p->line[0]);
        into->target[to] = unroll_id_at(p->ids, predicts ? from + 1 : p->line[0]);
        into->weight[to] = predicts ? 1 : 0;
        into->mode[to] = predicts ? UNROLL_RUN : UNROLL_RESET;
    }
}

/* Where stream b of the shuffled tape begins; b = B is the tape's end. */
static size_t stream_start(const char_task *c, const unroll_part *p, size_t b)
{
    const size_t whole = c->start[p->lines], B = c->options.B;
    const size_t cut = whole / B * b + whole % B * b / B;
    return c->start[tape_line(p, c->start, cut)];
}

/* ---- batches ---- */

static void read_streams(const char_task *c, const unroll_part *p, size_t window)
{
    const size_t T = c->options.T, B = c->options.B;
    for (size_t b = 0; b < B; b++) {
        const unroll_id_span ids = unroll_id_from(p->ids, b * c->stream + window * T);
        unroll_id_copy(ids, T, c->train.input + b, B);
        unroll_id_copy(unroll_id_from(ids, 1), T, c->train.target + b, B);
    }
}

static unroll_status next(void *self, unroll_batch *out)
{
    char_task *c = self;
    const size_t T = c->options.T, B = c->options.B;
    const unroll_part *p = unroll_corpus_part(c->corpus, UNROLL_TRAIN);
    if (c->windows == 0)
        return fail_size(c->corpus, T, B);
    if (c->place[1] >= c->windows) {
        c->place[0]++;
        c->place[1] = 0;
    }
    const size_t window = (size_t)c->place[1]++;
    if (p->lines) {
        shuffle(c, p);
        for (size_t b = 0; b < B; b++)
            read_tape(&(line_tape){p, c->order, c->start}, stream_start(c, p, b) + window * T,
                      stream_start(c, p, b + 1), &c->train, T, B, b);
    } else {
        read_streams(c, p, window);
    }
    set_batch(out, &c->train, T, B, window > 0 && !c->options.no_carry);
    return UNROLL_OK;
}

static unroll_status eval(void *self, enum unroll_split split, uint64_t i, unroll_batch *out,
                          bool *more)
{
    char_task *c = self;
    const unroll_part *p = unroll_corpus_part(c->corpus, split);
    size_t positions, streams;
    extent(p, &positions, &streams);
    *more = i < (positions + EVAL_T - 1) / EVAL_T;
    if (!*more)
        return UNROLL_OK;
    const size_t at = (size_t)i * EVAL_T;
    const size_t T = positions - at < EVAL_T ? positions - at : EVAL_T;
    if (p->lines) {
        read_tape(&(line_tape){.part = p}, at, positions, &c->eval, T, 1, 0);
    } else {
        unroll_id_copy(unroll_id_from(p->ids, at), T, c->eval.input, 1);
        unroll_id_copy(unroll_id_from(p->ids, at + 1), T, c->eval.target, 1);
    }
    set_batch(out, &c->eval, T, 1, i > 0);
    return UNROLL_OK;
}

static void state(void *self, unroll_visit *visit, void *arg)
{
    char_task *c = self;
    visit(arg, "task.place", UNROLL_FIELD_U64, c->place, 2);
}

static void char_free(void *self)
{
    char_task *c = self;
    if (!c)
        return;
    buffers_free(&c->train);
    buffers_free(&c->eval);
    unroll_free(c->order);
    unroll_free(c->start);
    unroll_free(c);
}

static unroll_status prepare_training(char_task *c)
{
    const unroll_part *p = unroll_corpus_part(c->corpus, UNROLL_TRAIN);
    size_t T = c->options.T, B = c->options.B, positions, streams;
    UNROLL_TRY(unroll_task_char_fit(c->corpus, true, true, &T, &B));
    extent(p, &positions, &streams);
    c->stream = positions / B;
    c->windows = c->stream / T;
    if (p->lines) {
        size_t ends = 0;
        if (!unroll_add(p->lines, 1, &ends))
            return unroll_fail(UNROLL_EMEMORY, "%zu lines are too many", p->lines);
        c->order = unroll_alloc(p->lines, sizeof *c->order);
        c->start = unroll_alloc(ends, sizeof *c->start);
        if (!c->order || !c->start)
            return UNROLL_EMEMORY;
    }
    return buffers_new(&c->train, T, B, p->lines > 0);
}

unroll_status unroll_task_char(const unroll_corpus *corpus, const unroll_task_char_options *options,
                               unroll_task *out)
{
    *out = (unroll_task){0};
    char_task *c = unroll_alloc(1, sizeof *c);
    if (!c)
        return UNROLL_EMEMORY;
    c->corpus = corpus;
    c->options = *options;
    const size_t V = unroll_vocabulary_size(unroll_corpus_vocabulary(corpus));
    const unroll_part *p = unroll_corpus_part(corpus, UNROLL_TRAIN);
    bool lines = false;
    for (int i = UNROLL_TRAIN; i <= UNROLL_TEST; i++)
        lines |= unroll_corpus_part(corpus, i)->lines > 0;
    unroll_status status = buffers_new(&c->eval, EVAL_T, 1, lines);
    if (status == UNROLL_OK && (options->T || options->B))
        status = prepare_training(c);
    if (status != UNROLL_OK) {
        char_free(c);
        return status;
    }
    /* of a line's n positions, n − 1 predict */
    const double share = p->lines ? (double)(p->count - 1) / (double)(p->count - 1 + p->lines) : 1;
    *out = (unroll_task){.self = c,
                         .inputs = V,
                         .outputs = V,
                         .batches_per_epoch = c->windows,
                         .tokens_per_batch = share * (double)options->T * (double)options->B,
                         .next = next,
                         .eval = eval,
                         .train_T = options->T,
                         .train_B = options->B,
                         .eval_T = EVAL_T,
                         .eval_B = 1,
                         .state = state,
                         .free = char_free};
    return UNROLL_OK;
}
