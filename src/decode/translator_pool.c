#include "decode/translator_pool.h"

#include <stdatomic.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/parallel.h"

#define AT(field) .group = "Translation", .offset = offsetof(unroll_translator_pool_options, field)

static const char *const unknown_names[] = {"copy", "unk", NULL};

const unroll_option unroll_translator_pool_rows[UNROLL_TRANSLATOR_POOL_OPTIONS_COUNT] = {
    {.name = "beam",
     .meta = "N",
     .type = UNROLL_SIZE,
     AT(beam),
     .preset = "1",
     .min = 1,
     .max = 1000,
     .help = "continuations kept while searching; 1: greedy"},
    {.name = "length-penalty",
     .meta = "X",
     .type = UNROLL_NUMBER,
     AT(length_penalty),
     .preset = "0.6",
     .max = 10,
     .help = "exponent a of ln P / ((5+length)/6)^a, by which a beam chooses; 0: the likeliest"},
    {.name = "max-length",
     .meta = "N",
     .type = UNROLL_SIZE,
     AT(max_length),
     .preset = "0",
     .max = UNROLL_OPTION_NO_MAX,
     .help = "cut translations at so many tokens; 0: twice the source's and 10 more"},
    {.name = "unknown",
     .meta = "WHAT",
     .type = UNROLL_CHOICE,
     AT(unknown),
     .preset = "copy",
     .choices = unknown_names,
     .help = "where the model writes <unk>: copy the source token that attention points at "
             "(without attention: the next one that is unknown), or write <unk>"},
};

struct unroll_translator_pool {
    unroll_translator **translator; /* [size] */
    size_t size;
    unroll_translation_line *line;
    size_t count;
    atomic_size_t next;
};

unroll_status unroll_translator_pool_new(const unroll_model *model,
                                         const unroll_translator_options *options, size_t threads,
                                         unroll_translator_pool **out)
{
    *out = NULL;
    unroll_translator_pool *c = unroll_alloc(1, sizeof *c);
    if (!c)
        return UNROLL_EMEMORY;
    c->size = threads ? threads : unroll_cores();
    unroll_status status = UNROLL_OK;
    if (!(c->translator = unroll_alloc(c->size, sizeof *c->translator)))
        status = UNROLL_EMEMORY;
    for (size_t i = 0; i < c->size && !status; i++)
        status = unroll_translator_new(model, options, &c->translator[i]);
    if (status) {
        unroll_translator_pool_free(c);
        return status;
    }
    *out = c;
    return UNROLL_OK;
}

void unroll_translator_pool_free(unroll_translator_pool *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->size && c->translator; i++)
        unroll_translator_free(c->translator[i]);
    unroll_free(c->translator);
    unroll_free(c);
}

size_t unroll_translator_pool_size(const unroll_translator_pool *c)
{
    return c->size;
}

/* A message belongs to its thread, so it is taken along. */
static void work(void *arg, size_t index)
{
    unroll_translator_pool *c = arg;
    for (size_t i; (i = atomic_fetch_add(&c->next, 1)) < c->count;) {
        unroll_translation_line *l = &c->line[i];
        l->status =
            unroll_translator_line(c->translator[index], l->name, l->text, l->length, &l->result);
        const char *message = unroll_marked_message();
        l->message = l->status ? unroll_strndup(message, strlen(message)) : NULL;
    }
}

unroll_status unroll_translator_pool_translate(unroll_translator_pool *c,
                                               unroll_translation_line *line, size_t count)
{
    c->line = line;
    c->count = count;
    atomic_store(&c->next, 0);
    unroll_parallel(count < c->size ? count : c->size, work, c);
    for (size_t i = 0; i < count; i++)
        if (line[i].status)
            return unroll_fail(line[i].status, "%s",
                               line[i].message ? line[i].message
                                               : "no memory to translate a line; free some memory");
    return UNROLL_OK;
}

void unroll_translation_line_clear(unroll_translation_line *line)
{
    unroll_translations_free(&line->result);
    unroll_free(line->message);
    line->message = NULL;
}
