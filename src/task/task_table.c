/* The one list of synthetic tasks and toy languages. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "task/task.h"

/* Their rows are made from the lists of files in module.am. */
#define TASK(name) extern const unroll_task_row name;
#define TOY(name) extern const unroll_toy_row name;
#include "task/task_rows.h"
#include "task/toy_rows.h"
#undef TASK
#undef TOY

#define TASK(name) &name,
#define TOY(name) &name,

const unroll_task_row *const unroll_task_table[] = {
#include "task/task_rows.h"
    NULL,
};

const unroll_toy_row *const unroll_toy_table[] = {
#include "task/toy_rows.h"
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
                                 : "reads a text; give another one here, see unroll generate " UNROLL_OPTION
                                   "list");
    if (unroll_task_translates(name))
        return unroll_fail(UNROLL_EUSAGE,
                           "task %s is a translation; give another one here, see unroll generate " UNROLL_OPTION
                           "list",
                           name);
    for (size_t i = 0; unroll_toy_table[i] && count < NAMES; i++)
        names[count++] = unroll_toy_table[i]->name;
    for (size_t i = 0; unroll_task_table[i] && count < NAMES; i++)
        names[count++] = unroll_task_table[i]->name;
    const char *near = unroll_nearest(names, name);
    return unroll_fail(UNROLL_EUSAGE,
                       "task '%s' does not exist%s%s%s; see unroll generate " UNROLL_OPTION "list",
                       name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static const char listed[] = "unroll generate " UNROLL_OPTION "list";

/* @param found  the row's name and keys, NULL where there is none */
static unroll_status parse(const char *spec, const char *found, const unroll_spec_key *keys,
                           double *value)
{
    if (found)
        return unroll_spec_parse(spec, "task", found, keys, listed, value);
    char *name = unroll_strndup(spec, strcspn(spec, ":"));
    if (!name)
        return UNROLL_EMEMORY;
    const unroll_status status = fail_name(name, strchr(spec, ':'));
    unroll_free(name);
    return status;
}

unroll_status unroll_task_parse(const char *spec, const unroll_task_row **row, double *value)
{
    size_t i = 0;
    while (unroll_task_table[i] && !unroll_spec_is(spec, unroll_task_table[i]->name))
        i++;
    *row = unroll_task_table[i];
    return parse(spec, *row ? (*row)->name : NULL, *row ? (*row)->keys : NULL, value);
}

unroll_status unroll_task_parse_like(const char *spec, const char *like,
                                     const unroll_task_row **row, double *value)
{
    const unroll_task_row *same;
    double preset[UNROLL_TASK_KEYS];
    UNROLL_TRY(unroll_task_parse(spec, row, value));
    if (!unroll_spec_is(like, (*row)->name))
        return UNROLL_OK;
    UNROLL_TRY(unroll_task_parse(like, &same, preset));
    unroll_spec_key keys[UNROLL_TASK_KEYS];
    memcpy(keys, same->keys, sizeof keys);
    for (size_t k = 0; k < unroll_spec_count(keys); k++)
        keys[k].preset = preset[k];
    return parse(spec, same->name, keys, value);
}

/* The first toy language goes by the task's own name, too. */
static const unroll_toy_row *find_toy(const char *spec)
{
    if (unroll_spec_is(spec, "translate"))
        return unroll_toy_table[0];
    for (size_t i = 0; unroll_toy_table[i]; i++)
        if (unroll_spec_is(spec, unroll_toy_table[i]->name))
            return unroll_toy_table[i];
    return NULL;
}

bool unroll_task_translates(const char *task)
{
    return find_toy(task) != NULL;
}

unroll_status unroll_toy_parse(const char *spec, const unroll_toy_row **row, double *value)
{
    *row = find_toy(spec);
    return parse(spec, *row ? (*row)->name : NULL, *row ? (*row)->keys : NULL, value);
}
