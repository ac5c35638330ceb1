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

extern const unroll_toy_row unroll_toy_translation, unroll_toy_numbers;

const unroll_toy_row *const unroll_toy_table[] = {
    &unroll_toy_translation,
    &unroll_toy_numbers,
    NULL,
};

enum { NAMES = 64 };

/* @param pairs  what stood behind its colon, or NULL */
static unroll_status fail_name(const char *name, const char *pairs)
{
    const char *names[NAMES + 1] = {"char", "translate"};
    size_t count = 2;
    if (strcmp(name, names[0]) == 0)
        return unroll_fail(UNROLL_EUSAGE, "task %s %s", name,
                           pairs ? "has no keys; its options are those of unroll help train"
                                 : "reads a text; give another one here, see unroll generate --list");
    if (unroll_task_translates(name))
        return unroll_fail(UNROLL_EUSAGE, "task %s is a translation; give another one here, see "
                           "unroll generate --list", name);
    for (size_t i = 0; unroll_toy_table[i] && count < NAMES; i++)
        names[count++] = unroll_toy_table[i]->name;
    for (size_t i = 0; unroll_task_table[i] && count < NAMES; i++)
        names[count++] = unroll_task_table[i]->name;
    const char *near = unroll_nearest(names, name);
    return unroll_fail(UNROLL_EUSAGE, "task '%s' does not exist%s%s%s; see unroll generate --list",
                       name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static unroll_status fail_key(const char *task, const unroll_task_key *keys, const char *key)
{
    const char *names[UNROLL_TASK_KEYS + 1] = {NULL};
    for (size_t i = 0; i < UNROLL_TASK_KEYS && keys[i].name; i++)
        names[i] = keys[i].name;
    const char *near = unroll_nearest(names, key);
    return unroll_fail(UNROLL_EUSAGE, "task %s has no key '%s'%s%s%s; see unroll generate --list",
                       task, key, near ? "; did you mean '" : "", near ? near : "",
                       near ? "'?" : "");
}

static unroll_status set_value(const char *task, const unroll_task_key *key, const char *text,
                               double *value)
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
    return unroll_fail(UNROLL_EUSAGE, "task %s: %s: '%s' is not %s from %s to %s", task,
                       key->name, text, key->real ? "a number" : "a whole number",
                       unroll_format_double(min, key->min), unroll_format_double(max, key->max));
}

/* One "key=value". */
static unroll_status parse_pair(const char *task, const unroll_task_key *keys, char *pair,
                                double *value, bool *given)
{
    char *text = strchr(pair, '=');
    if (!text)
        return unroll_fail(UNROLL_EUSAGE, "task %s: '%s' is not key=value", task, pair);
    *text++ = '\0';
    for (size_t i = 0; i < UNROLL_TASK_KEYS && keys[i].name; i++) {
        if (strcmp(pair, keys[i].name) != 0)
            continue;
        if (given[i])
            return unroll_fail(UNROLL_EUSAGE, "task %s: %s is given twice", task, pair);
        given[i] = true;
        return set_value(task, &keys[i], text, &value[i]);
    }
    return fail_key(task, keys, pair);
}

/* @param pairs  "key=value,…", written over; NULL: none */
static unroll_status parse_pairs(const char *task, const unroll_task_key *keys, char *pairs,
                                 double *value)
{
    bool given[UNROLL_TASK_KEYS] = {false};
    for (size_t k = 0; k < UNROLL_TASK_KEYS; k++)
        value[k] = keys[k].name ? keys[k].preset : 0;
    while (pairs) {
        char *comma = strchr(pairs, ',');
        if (comma)
            *comma++ = '\0';
        UNROLL_TRY(parse_pair(task, keys, pairs, value, given));
        pairs = comma;
    }
    return UNROLL_OK;
}

/* A copy of the spec, cut at its colon. */
static unroll_status cut_spec(const char *spec, char **name, char **pairs)
{
    *name = unroll_strndup(spec, strlen(spec));
    if (!*name)
        return UNROLL_EMEMORY;
    *pairs = strchr(*name, ':');
    if (*pairs)
        *(*pairs)++ = '\0';
    return UNROLL_OK;
}

unroll_status unroll_task_parse(const char *spec, const unroll_task_row **row, double *value)
{
    char *name, *pairs;
    size_t i = 0;
    UNROLL_TRY(cut_spec(spec, &name, &pairs));
    while (unroll_task_table[i] && strcmp(unroll_task_table[i]->name, name) != 0)
        i++;
    *row = unroll_task_table[i];
    const unroll_status status =
        *row ? parse_pairs((*row)->name, (*row)->keys, pairs, value) : fail_name(name, pairs);
    unroll_free(name);
    return status;
}

/* The first toy language goes by the task's own name, too. */
static const unroll_toy_row *find_toy(const char *name, size_t length)
{
    static const char translate[] = "translate";
    if (length == strlen(translate) && memcmp(name, translate, length) == 0)
        return unroll_toy_table[0];
    for (size_t i = 0; unroll_toy_table[i]; i++)
        if (strlen(unroll_toy_table[i]->name) == length &&
            memcmp(unroll_toy_table[i]->name, name, length) == 0)
            return unroll_toy_table[i];
    return NULL;
}

bool unroll_task_translates(const char *task)
{
    return find_toy(task, strcspn(task, ":")) != NULL;
}

unroll_status unroll_toy_parse(const char *spec, const unroll_toy_row **row, double *value)
{
    char *name, *pairs;
    UNROLL_TRY(cut_spec(spec, &name, &pairs));
    *row = find_toy(name, strlen(name));
    const unroll_status status =
        *row ? parse_pairs((*row)->name, (*row)->keys, pairs, value) : fail_name(name, pairs);
    unroll_free(name);
    return status;
}
