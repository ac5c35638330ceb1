/* A config as callers see it: by name, and through the table alone. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"
#include "config/config.h"

unroll_status unroll_config_new(unroll_config **out)
{
    *out = NULL;
    unroll_config *config = unroll_alloc(1, sizeof *config);
    if (!config)
        return UNROLL_EMEMORY;
    const unroll_status status = unroll_option_defaults(unroll_config_lists, config);
    if (status) {
        unroll_config_free(config);
        return status;
    }
    *out = config;
    return UNROLL_OK;
}

unroll_status unroll_config_assign(const unroll_config *from, unroll_config *to)
{
    for (size_t i = 0; i < unroll_config_rows; i++) {
        char *text = unroll_option_get(&unroll_config_table[i], 0, from);
        if (text == NULL)
            return UNROLL_EMEMORY;
        const unroll_status status = unroll_option_set(&unroll_config_table[i], 0, to, text);
        unroll_free(text);
        UNROLL_TRY(status);
    }
    return UNROLL_OK;
}

unroll_status unroll_config_copy(const unroll_config *config, unroll_config **out)
{
    UNROLL_TRY(unroll_config_new(out));
    const unroll_status status = unroll_config_assign(config, *out);
    if (status) {
        unroll_config_free(*out);
        *out = NULL;
    }
    return status;
}

void unroll_config_free(unroll_config *config)
{
    if (config)
        unroll_option_release(unroll_config_lists, config);
    unroll_free(config);
}

unroll_learning unroll_config_learning(const unroll_config *config)
{
    unroll_learning learning = config->learning;
    learning.size = sizeof learning;
    learning.optimizer = config->optimizer;
    learning.schedule = config->schedule;
    learning.seed = config->seed;
    learning.threads = (size_t)config->threads;
    return learning;
}

/* ---- rows ---- */

static const unroll_option *row_of(const char *name)
{
    size_t base; /* 0: the table's offsets count in the config itself */
    return unroll_option_find(unroll_config_lists, name, &base);
}

static unroll_status find_row(const char *name, const unroll_option **row)
{
    *row = row_of(name);
    if (*row)
        return UNROLL_OK;
    const char *near = unroll_option_nearest(unroll_config_lists, name);
    return unroll_fail(UNROLL_EUSAGE, "there is no option '%.80s'%s%s%s", name,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static enum unroll_config_kind kind_of(const unroll_option *o)
{
    if (o->type == UNROLL_FLAG)
        return UNROLL_CONFIG_FLAG;
    if (o->type == UNROLL_SIZE || o->parse == unroll_option_parse_bytes)
        return UNROLL_CONFIG_INTEGER;
    if (o->type == UNROLL_NUMBER || o->parse == unroll_option_parse_seconds)
        return UNROLL_CONFIG_REAL;
    return UNROLL_CONFIG_TEXT;
}

static const char *const kinds[] = {"a flag", "an integer", "a real number", "a text"};

static unroll_status wrong_kind(const unroll_option *o, enum unroll_config_kind asked)
{
    return unroll_fail(UNROLL_EUSAGE, UNROLL_OPTION "%s is %s, not %s", o->name, kinds[kind_of(o)],
                       kinds[asked]);
}

/* ---- set ---- */

unroll_status unroll_config_set(unroll_config *config, const char *name, const char *value)
{
    const unroll_option *o;
    UNROLL_TRY(find_row(name, &o));
    return unroll_option_set(o, 0, config, value);
}

/* Texts of any content would take a number as well, which nobody means. */
static unroll_status set_number(unroll_config *config, const unroll_option *o,
                                enum unroll_config_kind kind, const char *digits)
{
    return o->type == UNROLL_TEXT ? wrong_kind(o, kind) : unroll_option_set(o, 0, config, digits);
}

unroll_status unroll_config_set_integer(unroll_config *config, const char *name, int64_t value)
{
    const unroll_option *o;
    char digits[32];
    UNROLL_TRY(find_row(name, &o));
    snprintf(digits, sizeof digits, "%" PRId64, value);
    return set_number(config, o, UNROLL_CONFIG_INTEGER, digits);
}

unroll_status unroll_config_set_real(unroll_config *config, const char *name, double value)
{
    const unroll_option *o;
    char digits[32];
    UNROLL_TRY(find_row(name, &o));
    /* The shortest text of a million is "1e+06", which is no integer. */
    if (kind_of(o) == UNROLL_CONFIG_INTEGER && fabs(value) <= UNROLL_OPTION_NO_MAX &&
        floor(value) >= value)
        return unroll_config_set_integer(config, name, (int64_t)value);
    return set_number(config, o, UNROLL_CONFIG_REAL, unroll_format_double(digits, value));
}

unroll_status unroll_config_set_flag(unroll_config *config, const char *name, bool value)
{
    const unroll_option *o;
    UNROLL_TRY(find_row(name, &o));
    if (kind_of(o) != UNROLL_CONFIG_FLAG)
        return wrong_kind(o, UNROLL_CONFIG_FLAG);
    return unroll_option_set(o, 0, config, value ? "true" : "false");
}

/* ---- get ---- */

static const void *field_of(const unroll_config *config, const unroll_option *o)
{
    return (const char *)config + o->offset;
}

unroll_status unroll_config_get(const unroll_config *config, const char *name, char *buffer,
                                size_t room, size_t *length)
{
    const unroll_option *o;
    if (room > 0)
        buffer[0] = '\0';
    UNROLL_TRY(find_row(name, &o));
    char *text = unroll_option_get(o, 0, config);
    if (!text)
        return UNROLL_EMEMORY;
    const size_t used = strlen(text);
    unroll_status status = UNROLL_OK;
    if (used < room)
        memcpy(buffer, text, used + 1);
    else if (room > 0)
        status = unroll_fail(UNROLL_EUSAGE,
                             UNROLL_OPTION "%s: its value takes %zu bytes; there is room for %zu",
                             o->name, used + 1, room);
    if (length)
        *length = used;
    unroll_free(text);
    return status;
}

unroll_status unroll_config_get_integer(const unroll_config *config, const char *name, int64_t *value)
{
    const unroll_option *o;
    UNROLL_TRY(find_row(name, &o));
    if (kind_of(o) != UNROLL_CONFIG_INTEGER)
        return wrong_kind(o, UNROLL_CONFIG_INTEGER);
    *value = (int64_t) * (const uint64_t *)field_of(config, o); /* no option goes beyond 2^53 */
    return UNROLL_OK;
}

unroll_status unroll_config_get_real(const unroll_config *config, const char *name, double *value)
{
    const unroll_option *o;
    UNROLL_TRY(find_row(name, &o));
    const void *field = field_of(config, o);
    switch (kind_of(o)) {
    case UNROLL_CONFIG_REAL: *value = *(const double *)field; return UNROLL_OK;
    case UNROLL_CONFIG_INTEGER: *value = (double)*(const uint64_t *)field; return UNROLL_OK;
    case UNROLL_CONFIG_FLAG:
    case UNROLL_CONFIG_TEXT: break;
    }
    return wrong_kind(o, UNROLL_CONFIG_REAL);
}

unroll_status unroll_config_get_flag(const unroll_config *config, const char *name, bool *value)
{
    const unroll_option *o;
    UNROLL_TRY(find_row(name, &o));
    if (kind_of(o) != UNROLL_CONFIG_FLAG)
        return wrong_kind(o, UNROLL_CONFIG_FLAG);
    *value = *(const bool *)field_of(config, o);
    return UNROLL_OK;
}

/* ---- the table ---- */

const char *unroll_config_name(size_t i)
{
    return i < unroll_config_rows ? unroll_config_table[i].name : NULL;
}

enum unroll_config_kind unroll_config_kind(const char *name)
{
    const unroll_option *o = row_of(name);
    return o ? kind_of(o) : UNROLL_CONFIG_TEXT;
}

const char *unroll_config_help(const char *name)
{
    const unroll_option *o = row_of(name);
    return o ? o->help : NULL;
}

const char *unroll_config_default(const char *name)
{
    const unroll_option *o = row_of(name);
    if (!o || o->preset)
        return o ? o->preset : NULL;
    return o->type == UNROLL_FLAG ? "false" : "";
}

const char *unroll_config_choice(const char *name, size_t i)
{
    const unroll_option *o = row_of(name);
    return o ? unroll_option_choice(o, i) : NULL;
}
