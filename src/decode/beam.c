#include "decode/beam.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fail.h"
#include "base/memory.h"

/* One chosen symbol; hypotheses share their beginnings. */
typedef struct node {
    size_t before; /* NONE at the beginning */
    size_t length; /* symbols up to here */
    uint32_t id;
} node;
#define NONE SIZE_MAX

/* A line that goes on, or could. */
typedef struct candidate {
    double log_probability;
    size_t row;
    uint32_t id;
} candidate;

typedef struct ended {
    double log_probability, penalised;
    size_t node;
    bool ended;
} ended;

struct unroll_beam {
    node *node;
    size_t nodes, node_room;
    unroll_real *attention; /* [nodes][attention_length] */
    size_t attention_room;
    candidate *candidate; /* [2 width], best first */
    size_t candidates;
    ended *ended; /* [width], best first */
    size_t ended_count;
    double *sum;         /* [width] log-probability of each live row */
    size_t *at;          /* [width] its last node */
    uint32_t *id, *from; /* [width] */
    size_t rows, width;
    uint32_t *ids; /* results' symbols */
    unroll_real *rows_attention;
    size_t ids_room, rows_attention_room;
};

unroll_status unroll_beam_new(unroll_beam **out)
{
    *out = unroll_alloc(1, sizeof **out);
    return *out ? UNROLL_OK : UNROLL_EMEMORY;
}

void unroll_beam_free(unroll_beam *b)
{
    if (!b)
        return;
    unroll_free(b->node);
    unroll_free(b->attention);
    unroll_free(b->candidate);
    unroll_free(b->ended);
    unroll_free(b->sum);
    unroll_free(b->at);
    unroll_free(b->id);
    unroll_free(b->from);
    unroll_free(b->ids);
    unroll_free(b->rows_attention);
    unroll_free(b);
}

static unroll_status set_width(unroll_beam *b, size_t width)
{
    if (b->width == width)
        return UNROLL_OK;
    struct {
        void **block;
        size_t count, size;
    } part[] = {{(void **)&b->candidate, 2 * width, sizeof *b->candidate},
                {(void **)&b->ended, width, sizeof *b->ended},
                {(void **)&b->sum, width, sizeof *b->sum},
                {(void **)&b->at, width, sizeof *b->at},
                {(void **)&b->id, width, sizeof *b->id},
                {(void **)&b->from, width, sizeof *b->from}};
    b->width = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        unroll_free(*part[i].block);
        if (!(*part[i].block = unroll_alloc(part[i].count, part[i].size)))
            return UNROLL_EMEMORY;
    }
    b->width = width;
    return UNROLL_OK;
}

static double penalise(double log_probability, size_t length, double alpha)
{
    return log_probability / pow((5 + (double)length) / 6, alpha);
}

/* ---- candidates ---- */

/* Keep it among the best; those that are there stay before their equals. */
static void offer(unroll_beam *b, size_t most, candidate c)
{
    if (b->candidates == most) {
        if (!(c.log_probability > b->candidate[most - 1].log_probability))
            return;
        b->candidates--;
    }
    size_t i = b->candidates++;
    for (; i > 0 && c.log_probability > b->candidate[i - 1].log_probability; i--)
        b->candidate[i] = b->candidate[i - 1];
    b->candidate[i] = c;
}

/* NaN counts as −infinity. */
static double logit(unroll_real x)
{
    return isnan(x) ? -INFINITY : (double)x;
}

static double log_sum(const unroll_real *logits, size_t count)
{
    double largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, logit(logits[i]));
    if (!isfinite(largest))
        return largest;
    for (size_t i = 0; i < count; i++)
        sum += exp(logit(logits[i]) - largest);
    return largest + log(sum);
}

static void collect(unroll_beam *b, const unroll_beam_decoder *decoder, const unroll_real *logits,
                    const unroll_beam_options *o)
{
    b->candidates = 0;
    for (size_t r = 0; r < b->rows; r++) {
        const unroll_real *row = logits + r * decoder->pitch;
        const double all = log_sum(row, decoder->outputs);
        for (size_t i = 0; i < decoder->outputs; i++) {
            const double log_probability = b->sum[r] + logit(row[i]) - all;
            if (i != o->begin && log_probability > -INFINITY)
                offer(b, 2 * o->width, (candidate){log_probability, r, (uint32_t)i});
        }
    }
}

/* ---- hypotheses ---- */

/* Rows of attention. */
static unroll_status reserve_rows(unroll_real **rows, size_t *room, size_t count, size_t columns)
{
    size_t wanted;
    if (!unroll_mul(count, columns, &wanted))
        wanted = SIZE_MAX;
    unroll_real *grown = unroll_reserve(*rows, room, wanted, sizeof *grown);
    if (!grown)
        return UNROLL_EMEMORY;
    *rows = grown;
    return UNROLL_OK;
}

static unroll_status add_node(unroll_beam *b, size_t before, uint32_t id,
                              const unroll_real *attention, size_t columns, size_t *out)
{
    node *list = unroll_reserve(b->node, &b->node_room, b->nodes + 1, sizeof *list);
    if (!list)
        return UNROLL_EMEMORY;
    b->node = list;
    if (attention) {
        UNROLL_TRY(reserve_rows(&b->attention, &b->attention_room, b->nodes + 1, columns));
        memcpy(b->attention + b->nodes * columns, attention, columns * sizeof *attention);
    }
    b->node[b->nodes] = (node){before, before == NONE ? 1 : b->node[before].length + 1, id};
    *out = b->nodes++;
    return UNROLL_OK;
}

static void finish(unroll_beam *b, ended e)
{
    if (b->ended_count == b->width) {
        if (!(e.penalised > b->ended[b->width - 1].penalised))
            return;
        b->ended_count--;
    }
    size_t i = b->ended_count++;
    for (; i > 0 && e.penalised > b->ended[i - 1].penalised; i--)
        b->ended[i] = b->ended[i - 1];
    b->ended[i] = e;
}

/* An end counts where it is among the best `width`, so that width 1 is greedy; the best `width` of the
 * others go on. Of the 2 width candidates at most one a row is an end. */
static unroll_status advance(unroll_beam *b, const unroll_beam_options *o,
                             const unroll_real *attention, size_t pitch, size_t columns)
{
    size_t rows = 0;
    for (size_t i = 0; i < b->candidates && rows < o->width; i++) {
        const candidate c = b->candidate[i];
        const bool ends = c.id == o->end;
        size_t at;
        if (ends && i >= o->width)
            continue;
        const size_t before = b->at[c.row];
        UNROLL_TRY(add_node(b, before, c.id, attention ? attention + c.row * pitch : NULL, columns,
                            &at));
        if (ends) {
            const double chosen_by =
                penalise(c.log_probability, b->node[at].length, o->length_penalty);
            finish(b, (ended){c.log_probability, chosen_by, at, true});
            continue;
        }
        b->id[rows] = c.id;
        b->from[rows] = (uint32_t)c.row;
        /* not yet into sum and at, which are still read */
        b->candidate[rows++] = (candidate){c.log_probability, at, c.id};
    }
    for (size_t r = 0; r < rows; r++) {
        b->sum[r] = b->candidate[r].log_probability;
        b->at[r] = b->candidate[r].row;
    }
    b->rows = rows;
    return UNROLL_OK;
}

/* ln P only falls from here, and lp is largest at the greatest length. */
static bool is_decided(const unroll_beam *b, const unroll_beam_options *o)
{
    if (b->rows == 0)
        return true;
    return b->ended_count == o->width && penalise(b->sum[0], o->max_length + 1, o->length_penalty) <=
                                             b->ended[o->width - 1].penalised;
}

/* ---- results ---- */

static unroll_status give(unroll_beam *b, size_t columns, size_t count, unroll_hypothesis *list)
{
    size_t symbols = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        symbols += b->ended[i].node == NONE ? 0 : b->node[b->ended[i].node].length;
    uint32_t *ids = unroll_reserve(b->ids, &b->ids_room, symbols, sizeof *ids);
    if (!ids)
        return UNROLL_EMEMORY;
    b->ids = ids;
    if (columns)
        UNROLL_TRY(reserve_rows(&b->rows_attention, &b->rows_attention_room, symbols, columns));
    for (size_t i = 0; i < count; i++) {
        const ended *e = &b->ended[i];
        const size_t length = e->node == NONE ? 0 : b->node[e->node].length;
        for (size_t n = e->node, t = length; n != NONE; n = b->node[n].before) {
            b->ids[at + --t] = b->node[n].id;
            if (columns)
                memcpy(b->rows_attention + (at + t) * columns, b->attention + n * columns,
                       columns * sizeof *b->attention);
        }
        list[i] =
            (unroll_hypothesis){b->ids + at,  length - e->ended,
                                e->ended,     e->log_probability,
                                e->penalised, columns ? b->rows_attention + at * columns : NULL};
        at += length;
    }
    return UNROLL_OK;
}

/* Lines that were never ended. */
static void cut(unroll_beam *b, const unroll_beam_options *o)
{
    for (size_t r = 0; r < b->rows; r++) {
        const size_t length = b->at[r] == NONE ? 0 : b->node[b->at[r]].length;
        finish(b,
               (ended){b->sum[r], penalise(b->sum[r], length, o->length_penalty), b->at[r], false});
    }
}

unroll_status unroll_beam_search(unroll_beam *b, const unroll_beam_decoder *decoder,
                                 const unroll_beam_options *o, size_t attention_length,
                                 unroll_hypothesis *list, size_t *count)
{
    UNROLL_TRY(set_width(b, o->width));
    b->nodes = b->ended_count = 0;
    b->rows = 1;
    b->sum[0] = 0;
    b->at[0] = NONE;
    b->id[0] = o->begin;
    size_t columns = 0;
    bool decided = false;
    for (size_t t = 0; t < o->max_length && !decided; t++) {
        const unroll_real *logits = decoder->step(decoder->self, b->id, t ? b->from : NULL, b->rows);
        const unroll_real *attention =
            attention_length && decoder->attention ? decoder->attention(decoder->self) : NULL;
        columns = attention ? attention_length : 0;
        collect(b, decoder, logits, o);
        if (b->candidates == 0) /* nothing but NaN */
            break;
        UNROLL_TRY(advance(b, o, attention, decoder->attention_pitch, columns));
        decided = is_decided(b, o);
    }
    if (!decided)
        cut(b, o);
    *count = o->best < b->ended_count ? o->best : b->ended_count;
    return give(b, columns, *count, list);
}
