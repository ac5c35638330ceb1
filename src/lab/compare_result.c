/* A job's result as a file: JSON, with the exact options that it was made with. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unroll/version.h>

#include "base/fail.h"
#include "base/input.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/output.h"
#include "config/config.h"
#include "config/options.h"
#include "lab/compare.h"

static const unsigned matters =
    UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA | UNROLL_ROLE_LEARN | UNROLL_ROLE_BOUND;
static const char *const set_by_job[] = {"seed", NULL};

enum { FILE_MAX = 1 << 30 };

void compare_result_free(compare_result *r)
{
    unroll_free(r->point);
    unroll_free(r->distance);
    unroll_free(r->gate);
    unroll_free(r->length);
    unroll_free(r->stretch);
    unroll_free(r->map.norm);
    *r = (compare_result){0};
}

/* ---- numbers that JSON cannot say ---- */

static json_t *real(double value)
{
    if (isnan(value))
        return json_null();
    return isinf(value) ? json_string("inf") : json_real(value);
}

static bool get_real(const json_t *value, double *out)
{
    if (json_is_null(value))
        *out = NAN;
    else if (json_is_string(value) && strcmp(json_string_value(value), "inf") == 0)
        *out = INFINITY;
    else if (json_is_number(value))
        *out = json_number_value(value);
    else
        return false;
    return true;
}

static json_t *points_json(const compare_result *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->points; i++) {
        const compare_point *p = &r->point[i];
        unroll_json_append(&rows, json_pack("[Ioo]", (json_int_t)p->step, real(p->loss),
                                            real(p->accuracy)));
    }
    return rows;
}

static json_t *distances_json(const compare_result *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->distances; i++) {
        const unroll_curve_row *row = &r->distance[i].row;
        const unroll_curve_point *p = &row->point;
        unroll_json_append(&rows, json_pack("[iIIs#IoooooI]", r->distance[i].when,
                                            (json_int_t)row->step, (json_int_t)row->layer,
                                            &row->state, 1, (json_int_t)row->distance,
                                            real(p->mean), real(p->gmean), real(p->q10),
                                            real(p->median), real(p->q90), (json_int_t)p->n));
    }
    return rows;
}

static json_t *gates_json(const compare_result *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->gates; i++)
        unroll_json_append(&rows, json_pack("[Isoo]", (json_int_t)r->gate[i].layer, r->gate[i].name,
                                            real(r->gate[i].low), real(r->gate[i].high)));
    return rows;
}

static json_t *lengths_json(const compare_result *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->lengths; i++) {
        const compare_length *l = &r->length[i];
        unroll_json_append(&rows, json_pack("[IIIoo]", (json_int_t)l->min, (json_int_t)l->max,
                                            (json_int_t)l->pairs, real(l->exact), real(l->bleu)));
    }
    return rows;
}

static json_t *stretches_json(const compare_result *r)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < r->stretches; i++) {
        const compare_stretch *s = &r->stretch[i];
        unroll_json_append(&rows,
                           json_pack("[ooooo]", real(s->value), real(s->loss), real(s->accuracy),
                                     real(s->recall_loss), real(s->recall_accuracy)));
    }
    return rows;
}

/* [sources, [norm, …]] */
static json_t *map_json(const compare_map *m)
{
    json_t *norms = json_array();
    for (size_t i = 0; i < m->targets * m->sources; i++)
        unroll_json_append(&norms, real(m->norm[i]));
    return json_pack("[Io]", (json_int_t)m->sources, norms);
}

/* ---- writing ---- */

static json_t *ask_json(const compare_variant *v, uint64_t seed, const compare_ask *ask)
{
    char corpus[24];
    snprintf(corpus, sizeof corpus, "%016llx", (unsigned long long)v->corpus);
    return json_pack("{s:I, s:s, s:b, s:b, s:b, s:I}", "seed", (json_int_t)seed, "corpus", corpus,
                     "stop_solved", ask->stop_solved, "probe", ask->probe, "generalization",
                     ask->generalization, "point_every", (json_int_t)ask->point_every);
}

static json_t *result_json(const compare_variant *v, uint64_t seed, const compare_ask *ask,
                           const compare_result *r)
{
    json_t *object = NULL;
    char *options = unroll_options_json(v->config, matters, set_by_job, NULL, false);
    if (options)
        unroll_json_parse("options", "text", options, strlen(options), UNROLL_JSON_OPTIONS, &object);
    unroll_free(options);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o, s:b, s:b, s:I, s:[ooo], s:f, s:o, s:o, s:o, "
                     "s:o, s:o, s:o, s:o, s:o}",
                     "format", "unroll compare", "version", UNROLL_VERSION, "label", v->label,
                     "options", object, "asked", ask_json(v, seed, ask), "steps",
                     (json_int_t)r->steps, "loss", real(r->loss), "accuracy", real(r->accuracy),
                     "recall_loss", real(r->recall_loss), "solved", r->solved, "diverged",
                     r->diverged, "steps_to_solve", (json_int_t)r->steps_to_solve, "half_life",
                     real(r->half_life[COMPARE_START]), real(r->half_life[COMPARE_MIDDLE]),
                     real(r->half_life[COMPARE_END]), "seconds", r->seconds, "learning",
                     points_json(r), "distance", distances_json(r), "gates", gates_json(r), "exact",
                     real(r->exact), "bleu", real(r->bleu), "lengths", lengths_json(r), "stretches",
                     stretches_json(r), "map", map_json(&r->map));
}

static unroll_status put_piece(void *out, const char *text, size_t length)
{
    return unroll_output_write(out, text, length);
}

unroll_status compare_result_write(const char *path, const compare_variant *v, uint64_t seed,
                                   const compare_ask *ask, const compare_result *r)
{
    unroll_output *out;
    UNROLL_TRY(unroll_output_open(path, &out));
    json_t *object = result_json(v, seed, ask, r);
    const unroll_status status = unroll_json_write(object, JSON_COMPACT, put_piece, out);
    json_decref(object);
    if (status == UNROLL_OK)
        return unroll_output_commit(out);
    unroll_output_abort(out);
    return unroll_fail_prefix(status, "%s", path);
}

/* ---- reading ---- */

static unroll_status damaged(const char *path, const char *part)
{
    return unroll_fail(UNROLL_EDATA,
                       "%s: '%s' is not what a comparison writes; remove the file, and "
                       "the job is done again",
                       path, part);
}

static unroll_status differs(const char *path, const char *what, const char *was, const char *is)
{
    return unroll_fail(UNROLL_EMISMATCH,
                       "%s was made with %s '%s', not '%s'; give another --out, or "
                       "the same options",
                       path, what, was, is);
}

static unroll_status same_options(const char *path, const json_t *object, const unroll_config *asked)
{
    unroll_config *was;
    UNROLL_TRY(unroll_config_new(&was));
    unroll_status status = unroll_options_read(path, object, matters, was);
    for (size_t i = 0; status == UNROLL_OK && i < unroll_config_rows; i++) {
        const unroll_option *o = &unroll_config_table[i];
        if (!(o->role & matters) || strcmp(o->name, "seed") == 0)
            continue;
        char *a = unroll_option_get(o, 0, was), *b = unroll_option_get(o, 0, asked), name[80];
        snprintf(name, sizeof name, "--%s", o->name);
        if (!a || !b)
            status = UNROLL_EMEMORY;
        else if (strcmp(a, b) != 0)
            status = differs(path, name, a, b);
        unroll_free(a);
        unroll_free(b);
    }
    unroll_config_free(was);
    return status;
}

static unroll_status same_asked(const char *path, const json_t *was, const compare_variant *v,
                                uint64_t seed, const compare_ask *ask)
{
    json_t *asked = ask_json(v, seed, ask);
    if (!asked)
        return unroll_fail(UNROLL_EMEMORY, "%s: no memory left to read it", path);
    unroll_status status = UNROLL_OK;
    const char *key;
    json_t *value;
    json_object_foreach(asked, key, value)
        if (status == UNROLL_OK && !json_equal(value, json_object_get(was, key)))
            status = strcmp(key, "corpus") == 0
                         ? unroll_fail(UNROLL_EMISMATCH,
                                       "%s was made with another text; give "
                                       "another --out",
                                       path)
                         : unroll_fail(UNROLL_EMISMATCH,
                                       "%s was made with another %s; give another "
                                       "--out, or the same options",
                                       path, key);
    json_decref(asked);
    return status;
}

static unroll_status read_points(const json_t *rows, compare_result *r)
{
    const size_t count = json_array_size(rows);
    if (!json_is_array(rows))
        return UNROLL_EDATA;
    if (!(r->point = unroll_alloc(count, sizeof *r->point)))
        return UNROLL_EMEMORY;
    for (; r->points < count; r->points++) {
        const json_t *row = json_array_get(rows, r->points);
        compare_point *p = &r->point[r->points];
        p->step = (uint64_t)json_integer_value(json_array_get(row, 0));
        if (json_array_size(row) != 3 || !get_real(json_array_get(row, 1), &p->loss) ||
            !get_real(json_array_get(row, 2), &p->accuracy))
            return UNROLL_EDATA;
    }
    return UNROLL_OK;
}

static bool read_distance(const json_t *row, compare_distance *d)
{
    unroll_curve_row *to = &d->row;
    unroll_curve_point *p = &to->point;
    double *const reals[] = {&p->mean, &p->gmean, &p->q10, &p->median, &p->q90};
    const json_int_t when = json_integer_value(json_array_get(row, 0));
    const char *state = json_string_value(json_array_get(row, 3));
    if (json_array_size(row) != 11 || when < 0 || when >= COMPARE_WHENS || !state)
        return false;
    d->when = (int)when;
    to->step = (uint64_t)json_integer_value(json_array_get(row, 1));
    to->layer = (size_t)json_integer_value(json_array_get(row, 2));
    to->state = *state;
    to->distance = (size_t)json_integer_value(json_array_get(row, 4));
    for (size_t i = 0; i < 5; i++)
        if (!get_real(json_array_get(row, 5 + i), reals[i]))
            return false;
    p->n = (size_t)json_integer_value(json_array_get(row, 10));
    return true;
}

static unroll_status read_distances(const json_t *rows, compare_result *r)
{
    const size_t count = json_array_size(rows);
    if (!json_is_array(rows))
        return UNROLL_EDATA;
    if (!(r->distance = unroll_alloc(count, sizeof *r->distance)))
        return UNROLL_EMEMORY;
    for (; r->distances < count; r->distances++)
        if (!read_distance(json_array_get(rows, r->distances), &r->distance[r->distances]))
            return UNROLL_EDATA;
    return UNROLL_OK;
}

static unroll_status read_gates(const json_t *rows, compare_result *r)
{
    const size_t count = json_array_size(rows);
    if (!json_is_array(rows))
        return UNROLL_EDATA;
    if (!(r->gate = unroll_alloc(count, sizeof *r->gate)))
        return UNROLL_EMEMORY;
    for (; r->gates < count; r->gates++) {
        const json_t *row = json_array_get(rows, r->gates);
        compare_gate *g = &r->gate[r->gates];
        const char *name = json_string_value(json_array_get(row, 1));
        g->layer = (size_t)json_integer_value(json_array_get(row, 0));
        snprintf(g->name, sizeof g->name, "%s", name ? name : "?");
        if (json_array_size(row) != 4 || !get_real(json_array_get(row, 2), &g->low) ||
            !get_real(json_array_get(row, 3), &g->high))
            return UNROLL_EDATA;
    }
    return UNROLL_OK;
}

static unroll_status read_lengths(const json_t *rows, compare_result *r)
{
    const size_t count = json_array_size(rows);
    if (!json_is_array(rows))
        return UNROLL_EDATA;
    if (!(r->length = unroll_alloc(count, sizeof *r->length)))
        return UNROLL_EMEMORY;
    for (; r->lengths < count; r->lengths++) {
        const json_t *row = json_array_get(rows, r->lengths);
        compare_length *l = &r->length[r->lengths];
        l->min = (size_t)json_integer_value(json_array_get(row, 0));
        l->max = (size_t)json_integer_value(json_array_get(row, 1));
        l->pairs = (uint64_t)json_integer_value(json_array_get(row, 2));
        if (json_array_size(row) != 5 || !get_real(json_array_get(row, 3), &l->exact) ||
            !get_real(json_array_get(row, 4), &l->bleu))
            return UNROLL_EDATA;
    }
    return UNROLL_OK;
}

/* What a key may be: a size is made of it. */
static bool is_stretch(double value)
{
    return value >= 0 && value <= 1e15;
}

static unroll_status read_stretches(const json_t *rows, compare_result *r)
{
    const size_t count = json_array_size(rows);
    if (!json_is_array(rows))
        return UNROLL_EDATA;
    if (!(r->stretch = unroll_alloc(count, sizeof *r->stretch)))
        return UNROLL_EMEMORY;
    for (; r->stretches < count; r->stretches++) {
        const json_t *row = json_array_get(rows, r->stretches);
        compare_stretch *s = &r->stretch[r->stretches];
        double *const reals[] = {&s->value, &s->loss, &s->accuracy, &s->recall_loss,
                                 &s->recall_accuracy};
        for (size_t i = 0; i < 5; i++)
            if (json_array_size(row) != 5 || !get_real(json_array_get(row, i), reals[i]))
                return UNROLL_EDATA;
        if (!is_stretch(s->value))
            return UNROLL_EDATA;
    }
    return UNROLL_OK;
}

static unroll_status read_map(const json_t *pair, compare_map *m)
{
    const json_t *norms = json_array_get(pair, 1);
    const json_int_t sources = json_integer_value(json_array_get(pair, 0));
    const size_t count = json_array_size(norms);
    if (!json_is_array(norms) || sources < 0 || (count && (!sources || count % (size_t)sources)))
        return UNROLL_EDATA;
    if (count == 0)
        return UNROLL_OK;
    if (!(m->norm = unroll_alloc(count, sizeof *m->norm)))
        return UNROLL_EMEMORY;
    m->sources = (size_t)sources;
    m->targets = count / m->sources;
    for (size_t i = 0; i < count; i++)
        if (!get_real(json_array_get(norms, i), &m->norm[i]))
            return UNROLL_EDATA;
    return UNROLL_OK;
}

/* @param status  what the part's own function has returned */
static unroll_status read_part(const char *path, const char *part, unroll_status status)
{
    return status == UNROLL_EDATA ? damaged(path, part) : status;
}

static unroll_status read_result(const char *path, const json_t *o, compare_result *r)
{
    const struct {
        const char *key;
        double *to;
    } reals[] = {
        {"loss", &r->loss},       {"accuracy", &r->accuracy}, {"recall_loss", &r->recall_loss},
        {"seconds", &r->seconds}, {"exact", &r->exact},       {"bleu", &r->bleu}};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (!get_real(json_object_get(o, reals[i].key), reals[i].to))
            return damaged(path, reals[i].key);
    const json_t *steps = json_object_get(o, "steps"), *solve = json_object_get(o, "steps_to_solve");
    if (!json_is_integer(steps) || !json_is_integer(solve))
        return damaged(path, "steps");
    r->steps = (uint64_t)json_integer_value(steps);
    r->steps_to_solve = (uint64_t)json_integer_value(solve);
    r->solved = json_is_true(json_object_get(o, "solved"));
    r->diverged = json_is_true(json_object_get(o, "diverged"));
    for (size_t i = 0; i < COMPARE_WHENS; i++)
        if (!get_real(json_array_get(json_object_get(o, "half_life"), i), &r->half_life[i]))
            return damaged(path, "half_life");
    UNROLL_TRY(read_part(path, "learning", read_points(json_object_get(o, "learning"), r)));
    UNROLL_TRY(read_part(path, "distance", read_distances(json_object_get(o, "distance"), r)));
    UNROLL_TRY(read_part(path, "gates", read_gates(json_object_get(o, "gates"), r)));
    UNROLL_TRY(read_part(path, "lengths", read_lengths(json_object_get(o, "lengths"), r)));
    UNROLL_TRY(read_part(path, "stretches", read_stretches(json_object_get(o, "stretches"), r)));
    UNROLL_TRY(read_part(path, "map", read_map(json_object_get(o, "map"), &r->map)));
    r->done = true;
    return UNROLL_OK;
}

unroll_status compare_result_read(const char *path, const compare_variant *v, uint64_t seed,
                                  const compare_ask *ask, compare_result *out)
{
    struct stat there;
    char *text;
    size_t length;
    json_t *object;
    *out = (compare_result){0};
    if (stat(path, &there) != 0)
        return errno == ENOENT ? UNROLL_OK
                               : unroll_fail(UNROLL_ENOINPUT, "%s: cannot be looked at: %s", path,
                                             strerror(errno));
    UNROLL_TRY(unroll_input_slurp(path, FILE_MAX, &text, &length));
    unroll_status status = unroll_json_parse(path, "result", text, length, SIZE_MAX, &object);
    unroll_free(text);
    if (status != UNROLL_OK)
        return status;
    const char *format = json_string_value(json_object_get(object, "format"));
    if (!format || strcmp(format, "unroll compare") != 0)
        status = damaged(path, "format");
    if (status == UNROLL_OK)
        status = same_options(path, json_object_get(object, "options"), v->config);
    if (status == UNROLL_OK)
        status = same_asked(path, json_object_get(object, "asked"), v, seed, ask);
    if (status == UNROLL_OK)
        status = read_result(path, object, out);
    json_decref(object);
    if (status != UNROLL_OK)
        compare_result_free(out);
    return status;
}
