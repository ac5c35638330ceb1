/* What each target word of a translation learns from each source word. */
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "lab/compare.h"
#include "probe/alignment.h"
#include "report/plot.h"

enum { SHORTEST = 13, LONGEST = 19, SENTENCES = 32 }; /* lengths with the end */

static bool is_like(const unroll_pair *a, const unroll_pair *b)
{
    return a->length[0] == b->length[0] && a->length[1] == b->length[1];
}

/* The first pair of a length that is neither short nor rare. */
static const unroll_pair *find_model(const unroll_pairs_part *part)
{
    for (size_t i = 0; i < part->count; i++)
        if (part->pair[i].length[UNROLL_SOURCE] >= SHORTEST &&
            part->pair[i].length[UNROLL_SOURCE] <= LONGEST)
            return &part->pair[i];
    return NULL;
}

typedef struct mapping {
    unroll_probe *probe;
    size_t S, T;
    uint32_t *source, *input;
    double *norm;
} mapping;

/* Where the encoder reads source token s. */
static size_t place_of(const mapping *m, bool reversed, size_t s)
{
    return reversed ? m->S - 1 - s : s;
}

static unroll_status add(const unroll_pair *pair, bool reversed, mapping *m, double *sum)
{
    for (size_t s = 0; s < m->S; s++)
        m->source[place_of(m, reversed, s)] = pair->id[UNROLL_SOURCE][s];
    for (size_t t = 0; t < m->T; t++)
        m->input[t] = t ? pair->id[UNROLL_TARGET][t - 1] : UNROLL_ID_BEGIN;
    UNROLL_TRY(unroll_alignment(m->probe, m->S, m->source, m->T, m->input, pair->id[UNROLL_TARGET],
                                m->norm, NULL));
    for (size_t t = 0; t < m->T; t++)
        for (size_t s = 0; s < m->S; s++)
            sum[t * m->S + s] += log(m->norm[t * m->S + place_of(m, reversed, s)]);
    return UNROLL_OK;
}

static unroll_status measure(const unroll_net *net, const unroll_pairs_part *part,
                             const unroll_pair *like, bool reversed, mapping *m, double *out)
{
    const unroll_probe_options o = {.size = sizeof o, .T = 1, .B = 1, .S = 1, .threads = 1};
    double count = 0;
    UNROLL_TRY(unroll_probe_new(net, &o, &m->probe));
    for (size_t i = 0; i < part->count && count < SENTENCES; i++) {
        if (!is_like(&part->pair[i], like))
            continue;
        UNROLL_TRY(add(&part->pair[i], reversed, m, out));
        count++;
    }
    for (size_t i = 0; i < m->T * m->S; i++)
        out[i] = exp(out[i] / count);
    return UNROLL_OK;
}

unroll_status compare_map_measure(const unroll_net *net, const unroll_pairs *pairs, bool reversed,
                                  compare_map *out)
{
    const unroll_pairs_part *part = unroll_pairs_get_part(pairs, UNROLL_VALID);
    const unroll_pair *like = find_model(part);
    *out = (compare_map){0};
    if (!like)
        return UNROLL_OK;
    mapping m = {.S = like->length[UNROLL_SOURCE], .T = like->length[UNROLL_TARGET]};
    m.source = unroll_alloc(m.S, sizeof *m.source);
    m.input = unroll_alloc(m.T, sizeof *m.input);
    m.norm = unroll_alloc(m.S * m.T, sizeof *m.norm);
    out->norm = unroll_alloc(m.S * m.T, sizeof *out->norm);
    unroll_status status = m.source && m.input && m.norm && out->norm ? UNROLL_OK : UNROLL_EMEMORY;
    if (!status)
        status = measure(net, part, like, reversed, &m, out->norm);
    out->sources = m.S;
    out->targets = m.T;
    unroll_probe_free(m.probe);
    unroll_free(m.source);
    unroll_free(m.input);
    unroll_free(m.norm);
    if (status) {
        unroll_free(out->norm);
        *out = (compare_map){0};
    }
    return status == UNROLL_ENUMERIC ? UNROLL_OK : status;
}

/* ---- the picture ---- */

const char *compare_map_name(char name[COMPARE_MAP_NAME], size_t variant)
{
    snprintf(name, COMPARE_MAP_NAME, "alignment-%zu", variant + 1);
    return name;
}

unroll_status compare_map_draw(const compare_study *study, const char *folder, size_t v)
{
    enum { LABEL = COMPARE_PLOT_LABEL };
    const compare_map *m = &compare_at(study, v, 0)->map;
    char name[COMPARE_MAP_NAME], title[LABEL], label[LABEL];
    double *block = unroll_alloc(m->targets * m->sources + m->targets + m->sources, sizeof *block);
    if (!block)
        return UNROLL_EMEMORY;
    double *x = block + m->targets * m->sources, *y = x + m->sources;
    for (size_t i = 0; i < m->targets * m->sources; i++)
        block[i] = log10(m->norm[i]);
    for (size_t s = 0; s < m->sources; s++)
        x[s] = (double)s + 1;
    for (size_t t = 0; t < m->targets; t++)
        y[t] = (double)t + 1;
    compare_plot_label(&study->variant[v], label);
    snprintf(title, LABEL, "dL_t/dx_s after training: %.*s", unroll_utf8_fit(label, 160), label);
    const unroll_heat heat = {.z = block,
                              .x = x,
                              .y = y,
                              .columns = m->sources,
                              .rows = m->targets,
                              .label = "log10 |dL_t/dx_s| (nats)"};
    const unroll_plot plot = {.directory = folder,
                              .name = compare_map_name(name, v),
                              .title = title,
                              .x_label = "source token s",
                              .y_label = "target token t",
                              .heat = &heat};
    unroll_status status = unroll_plot_write(&plot);
    if (status == UNROLL_OK)
        status = unroll_plot_draw(&plot);
    unroll_free(block);
    return status;
}
