/* The one list of synthetic tasks, and how "NAME:key=value,…" is read. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/option.h"
#include "task/task.h"

extern const unroll_task_row unroll_task_copy, unroll_task_reverse, unroll_task_adding,
    unroll_task_multiplication, unroll_task_temporal_order, unroll_task_latch,
    unroll_task_two_sequence, unroll_task_parity, unroll_task_reber;

const unroll_task_row *const unroll_task_table[] = {
    &unroll_task_copy,
    &unroll_task_reverse,
    &unroll_task_adding,
    &unroll_task_multiplication,
    &unroll_task_temporal_order,
    &unroll_task_latch,
    &unroll_task_two_sequence,
    &unroll_task_parity,
    &unroll_task_reber,
    NULL,
};

enum { NAMES = 64 };

static unroll_status fail_name(const char *name)
{
    const char *names[NAMES + 1] = {"char"};
    size_t count = 1;
    for (size_t i = 0; unroll_task_table[i] && count < NAMES; i++)
        names[count++] = unroll_task_table[i]->name;
    const char *near = unroll_nearest(names, name);
    return unroll_fail(UNROLL_EUSAGE, "task '%s' does not exist%s%s%s; see unroll generate --list",
                       name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static unroll_status fail_key(const unroll_task_row *row, const char *key)
{
    const char *names[UNROLL_TASK_KEYS + 1] = {NULL};
    for (size_t i = 0; i < UNROLL_TASK_KEYS && row->keys[i].name; i++)
        names[i] = row->keys[i].name;
    const char *near = unroll_nearest(names, key);
    return unroll_fail(UNROLL_EUSAGE, "task %s has no key '%s'%s%s%s; see unroll generate --list",
                       row->name, key, near ? "; did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
}

static unroll_status set_value(const unroll_task_row *row, const unroll_task_key *key,
                               const char *text, double *value)
{
    uint64_t whole;
    bool valid;
    if (key->real) {
        valid = unroll_parse_double(text, value);
    } else {
        valid = unroll_parse_size(text, &whole);
        if (valid)
            *value = (double)whole;
    }
    if (valid && *value >= key->min && *value <= key->max)
        return UNROLL_OK;
    char min[32], max[32];
    return unroll_fail(UNROLL_EUSAGE, "task %s: %s: '%s' is not %s from %s to %s", row->name,
                       key->name, text, key->real ? "a number" : "a whole number",
                       unroll_format_double(min, key->min), unroll_format_double(max, key->max));
}

/* One "key=value". */
static unroll_status parse_pair(const unroll_task_row *row, char *pair, double *value,
                                bool *given)
{
    char *text = strchr(pair, '=');
    if (!text)
        return unroll_fail(UNROLL_EUSAGE, "task %s: '%s' is not key=value", row->name, pair);
    *text++ = '\0';
    for (size_t i = 0; i < UNROLL_TASK_KEYS && row->keys[i].name; i++) {
        if (strcmp(pair, row->keys[i].name) != 0)
            continue;
        if (given[i])
            return unroll_fail(UNROLL_EUSAGE, "task %s: %s is given twice", row->name, pair);
        given[i] = true;
        return set_value(row, &row->keys[i], text, &value[i]);
    }
    return fail_key(row, pair);
}

static unroll_status parse_pairs(const unroll_task_row *row, char *pairs, double *value)
{
    bool given[UNROLL_TASK_KEYS] = {false};
    while (pairs) {
        char *comma = strchr(pairs, ',');
        if (comma)
            *comma++ = '\0';
        UNROLL_TRY(parse_pair(row, pairs, value, given));
        pairs = comma;
    }
    return UNROLL_OK;
}

unroll_status unroll_task_parse(const char *spec, const unroll_task_row **row, double *value)
{
    char *text = unroll_strndup(spec, strlen(spec));
    if (!text)
        return UNROLL_EMEMORY;
    char *pairs = strchr(text, ':');
    if (pairs)
        *pairs++ = '\0';
    unroll_status status = UNROLL_OK;
    size_t i = 0;
    while (unroll_task_table[i] && strcmp(unroll_task_table[i]->name, text) != 0)
        i++;
    *row = unroll_task_table[i];
    if (!*row) {
        status = fail_name(text);
    } else {
        for (size_t k = 0; k < UNROLL_TASK_KEYS; k++)
            value[k] = (*row)->keys[k].name ? (*row)->keys[k].preset : 0;
        status = parse_pairs(*row, pairs, value);
    }
    unroll_free(text);
    return status;
}
