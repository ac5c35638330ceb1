#include "base/option.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/number.h"

/* ---- names ---- */

static char plain(char c)
{
    return c == '_' ? '-' : c;
}

/* Does `name` equal the first `length` bytes of `word`? */
static bool same_name(const char *name, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (plain(name[i]) != word[i]) /* also where name ends: words have no NUL inside */
            return false;
    return name[length] == '\0';
}

/* The next blank-separated word of *words, or NULL; moves *words behind it. */
static const char *next_word(const char **words, size_t *length)
{
    const char *start = *words;
    if (!start)
        return NULL;
    start += strspn(start, " ");
    *length = strcspn(start, " ");
    *words = start + *length;
    return *length ? start : NULL;
}

static bool row_has_name(const unroll_option *o, const char *name)
{
    if (same_name(name, o->name, strlen(o->name)))
        return true;
    const char *words = o->aliases, *word;
    size_t length;
    while ((word = next_word(&words, &length)))
        if (same_name(name, word, length))
            return true;
    return false;
}

const unroll_option *unroll_option_find(const unroll_option_list *lists, const char *name,
                                        size_t *base)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (row_has_name(&l->rows[i], name)) {
                *base = l->base;
                return &l->rows[i];
            }
    return NULL;
}

enum { NEAR_MAX = 40 }; /* longer words are nobody's typing error */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment); large where either is too
 * long. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t d[3][NEAR_MAX + 1];
    if (m > NEAR_MAX || n > NEAR_MAX)
        return NEAR_MAX;
    for (size_t j = 0; j <= n; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *row = d[i % 3];
        const size_t *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            const bool same = plain(a[i - 1]) == b[j - 1];
            row[j] = least(least(up[j], row[j - 1]) + 1, up[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], up2[j - 2] + 1);
        }
    }
    return d[m % 3][n];
}

struct nearest {
    const char *name; /* what was typed */
    size_t length;
    const char *best;
    size_t score;
};

static struct nearest nearest_start(const char *name)
{
    /* A third of the letters may be wrong, at least one. Two edits of a two-letter word leave
     * nothing. */
    const size_t length = strlen(name), allowed = length < 6 ? 1 : length / 3;
    return (struct nearest){name, length, NULL, allowed + 1};
}

/* Try `word`; `answer` is what would be said. */
static void nearest_try(struct nearest *n, const char *word, size_t length, const char *answer)
{
    size_t score = distance(n->name, n->length, word, length);
    /* "--drop" for --dropout: an abbreviation is a likelier slip than a typing error. */
    if (n->length >= 3 && n->length < length && same_name(n->name, word, n->length))
        score = 1;
    if (score < n->score) {
        n->score = score;
        n->best = answer;
    }
}

const char *unroll_option_nearest(const unroll_option_list *lists, const char *name)
{
    struct nearest n = nearest_start(name);
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++) {
            const unroll_option *o = &l->rows[i];
            nearest_try(&n, o->name, strlen(o->name), o->name);
            const char *words = o->aliases, *word;
            size_t length;
            while ((word = next_word(&words, &length)))
                nearest_try(&n, word, length, o->name);
        }
    return n.best;
}

const char *unroll_nearest(const char *const *names, const char *name)
{
    struct nearest n = nearest_start(name);
    for (; *names; names++)
        nearest_try(&n, *names, strlen(*names), *names);
    return n.best;
}

/* ---- what a row accepts ---- */

const char *unroll_option_choice(const unroll_option *o, size_t i)
{
    if (o->names)
        return o->names(i);
    return o->choices ? o->choices[i] : NULL;
}

const char *unroll_option_range(const unroll_option *o, char buffer[96])
{
    char low[32], high[32];
    buffer[0] = '\0';
    if (o->max <= o->min)
        return buffer;
    unroll_format_double(low, o->min);
    unroll_format_double(high, o->max);
    if (o->max >= UNROLL_OPTION_NO_MAX)
        snprintf(buffer, 96, "of at least %s", low);
    else
        snprintf(buffer, 96, "%s %s%s%s", o->open_min ? "above" : "from", low,
                 o->open_min && o->open_max ? " and below "
                 : o->open_min ? ", up to " : o->open_max ? " to below " : " to ", high);
    return buffer;
}

static bool in_range(const unroll_option *o, double value)
{
    if (o->max <= o->min)
        return true;
    return (o->open_min ? value > o->min : value >= o->min) &&
           (o->open_max ? value < o->max : value <= o->max);
}

/* Digits, with a sign or not: too large a number is out of range, however large. */
static bool is_whole(const char *text)
{
    text += *text == '-';
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static unroll_status wrong_number(const unroll_option *o, const char *text, bool number,
                                  const char *kind)
{
    char range[96];
    double value;
    const bool below = unroll_parse_double(text, &value) && value < o->min;
    unroll_option_range(o, range);
    if (number)
        return unroll_fail(UNROLL_EUSAGE, "--%s: '%.80s' is out of range; give %s %s%s", o->name,
                           text, kind, range,
                           !below && o->max >= UNROLL_OPTION_NO_MAX
                               ? " and at most 9007199254740992 (2^53)" : "");
    return unroll_fail(UNROLL_EUSAGE, "--%s: '%.80s' is not %s; give one%s%s", o->name, text, kind,
                       range[0] ? " " : "", range);
}

static unroll_status wrong_choice(const unroll_option *o, const char *text)
{
    char all[512];
    size_t used = 0;
    struct nearest n = nearest_start(text);
    const char *name;
    all[0] = '\0';
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++) {
        nearest_try(&n, name, strlen(name), name);
        const int wrote = snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", name);
        used = least(used + (size_t)(wrote > 0 ? wrote : 0), sizeof all - 1);
    }
    if (n.best)
        return unroll_fail(UNROLL_EUSAGE, "--%s: no '%.80s'; did you mean %s? It is one of %s",
                           o->name, text, n.best, all);
    return unroll_fail(UNROLL_EUSAGE, "--%s: no '%.80s'; give one of %s", o->name, text, all);
}

/* ---- values ---- */

static unroll_status set_size(const unroll_option *o, uint64_t *field, const char *text)
{
    uint64_t value;
    if (!unroll_parse_size(text, &value))
        return wrong_number(o, text, is_whole(text), "a whole number");
    if (!in_range(o, (double)value) || (o->max > o->min && value > (uint64_t)o->max))
        return wrong_number(o, text, true, "a whole number");
    *field = value;
    return UNROLL_OK;
}

static unroll_status set_number(const unroll_option *o, double *field, const char *text)
{
    double value;
    if (!unroll_parse_double(text, &value))
        return wrong_number(o, text, false, "a number");
    if (!in_range(o, value))
        return wrong_number(o, text, true, "a number");
    *field = value;
    return UNROLL_OK;
}

static unroll_status set_string(char **field, const char *text)
{
    char *copy = NULL;
    if (*text && !(copy = unroll_strndup(text, strlen(text))))
        return UNROLL_EMEMORY;
    unroll_free(*field);
    *field = copy;
    return UNROLL_OK;
}

static unroll_status set_choice(const unroll_option *o, void *field, const char *text)
{
    const char *name;
    for (size_t i = 0; (name = unroll_option_choice(o, i)); i++) {
        if (strcmp(name, text) != 0)
            continue;
        if (o->type == UNROLL_NAME)
            return set_string(field, text);
        *(int *)field = (int)i;
        return UNROLL_OK;
    }
    return wrong_choice(o, text);
}

static unroll_status set_flag(const unroll_option *o, bool *field, const char *text)
{
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return unroll_fail(UNROLL_EUSAGE, "--%s: '%.80s' is neither true nor false", o->name, text);
    *field = yes;
    return UNROLL_OK;
}

unroll_status unroll_option_set(const unroll_option *o, size_t base, void *target, const char *text)
{
    void *field = (char *)target + base + o->offset;
    switch (o->type) {
    case UNROLL_FLAG: return set_flag(o, field, text);
    case UNROLL_SIZE: return set_size(o, field, text);
    case UNROLL_NUMBER: return set_number(o, field, text);
    case UNROLL_CHOICE:
    case UNROLL_NAME: return set_choice(o, field, text);
    case UNROLL_TEXT: return set_string(field, text);
    case UNROLL_CUSTOM: return o->parse((char *)target + base, o, text);
    }
    return unroll_fail(UNROLL_EBUG, "--%s: a row without a type", o->name);
}

static char *copy_text(const char *text)
{
    return unroll_strndup(text ? text : "", text ? strlen(text) : 0);
}

char *unroll_option_get(const unroll_option *o, size_t base, const void *target)
{
    const void *field = (const char *)target + base + o->offset;
    char buffer[32];
    switch (o->type) {
    case UNROLL_FLAG: return copy_text(*(const bool *)field ? "true" : "false");
    case UNROLL_SIZE:
        snprintf(buffer, sizeof buffer, "%llu", (unsigned long long)*(const uint64_t *)field);
        return copy_text(buffer);
    case UNROLL_NUMBER: return copy_text(unroll_format_double(buffer, *(const double *)field));
    case UNROLL_CHOICE: return copy_text(o->choices[*(const int *)field]);
    case UNROLL_NAME:
    case UNROLL_TEXT: return copy_text(*(char *const *)field);
    case UNROLL_CUSTOM: return o->format((const char *)target + base, o);
    }
    unroll_fail(UNROLL_EBUG, "--%s: a row without a type", o->name);
    return NULL;
}

unroll_status unroll_option_defaults(const unroll_option_list *lists, void *target)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++)
            if (l->rows[i].preset)
                UNROLL_TRY(unroll_option_set(&l->rows[i], l->base, target, l->rows[i].preset));
    return UNROLL_OK;
}

void unroll_option_release(const unroll_option_list *lists, void *target)
{
    for (const unroll_option_list *l = lists; l->rows; l++)
        for (size_t i = 0; i < l->count; i++) {
            const unroll_option *o = &l->rows[i];
            if (o->type != UNROLL_NAME && o->type != UNROLL_TEXT)
                continue;
            char **field = (char **)((char *)target + l->base + o->offset);
            unroll_free(*field);
            *field = NULL;
        }
}

/* ---- numbers with a unit ---- */

/* Split off a unit: `digits` gets what stands before it. 0 where it does not fit or the unit is
 * unknown. */
static double split_unit(const char *text, const char *units, const double *factors,
                         char digits[40])
{
    const size_t length = strlen(text);
    if (length == 0 || length >= 40)
        return 0;
    memcpy(digits, text, length + 1);
    const char last = text[length - 1];
    if (last >= '0' && last <= '9')
        return 1;
    const char *unit = strchr(units, last);
    if (!unit)
        return 0;
    digits[length - 1] = '\0';
    return factors[unit - units];
}

static const char byte_units[] = "kKmMgGtT";
static const double byte_factors[] = {0x1p10, 0x1p10, 0x1p20, 0x1p20,
                                      0x1p30, 0x1p30, 0x1p40, 0x1p40};

unroll_status unroll_option_parse_bytes(void *target, const unroll_option *o, const char *text)
{
    char digits[40];
    uint64_t value;
    const double factor = split_unit(text, byte_units, byte_factors, digits);
    if (factor == 0 || !unroll_parse_size(digits, &value))
        return wrong_number(o, text, is_whole(text), "a number of bytes such as 4096 or 10M");
    if (!in_range(o, (double)value * factor))
        return wrong_number(o, text, true, "a number of bytes such as 4096 or 10M");
    *(uint64_t *)((char *)target + o->offset) = value * (uint64_t)factor;
    return UNROLL_OK;
}

char *unroll_option_format_bytes(const void *target, const unroll_option *o)
{
    unsigned long long value = *(const uint64_t *)((const char *)target + o->offset);
    char buffer[32];
    static const char *const units[] = {"", "K", "M", "G", "T"};
    size_t unit = 0;
    while (value && unit < 4 && value % 1024 == 0) {
        value /= 1024;
        unit++;
    }
    snprintf(buffer, sizeof buffer, "%llu%s", value, units[unit]);
    return copy_text(buffer);
}

unroll_status unroll_option_parse_seconds(void *target, const unroll_option *o, const char *text)
{
    static const double factors[] = {1, 60, 3600, 86400};
    char digits[40];
    double value;
    const double factor = split_unit(text, "smhd", factors, digits);
    if (factor == 0 || !unroll_parse_double(digits, &value))
        return wrong_number(o, text, false, "a time such as 90s, 5m or 1h");
    if (!in_range(o, value * factor))
        return wrong_number(o, text, true, "a time such as 90s, 5m or 1h, in seconds");
    *(double *)((char *)target + o->offset) = value * factor;
    return UNROLL_OK;
}

char *unroll_option_format_seconds(const void *target, const unroll_option *o)
{
    char number[32], buffer[40];
    unroll_format_double(number, *(const double *)((const char *)target + o->offset));
    snprintf(buffer, sizeof buffer, "%ss", number);
    return copy_text(buffer);
}
