/* Texts: a prime text, then tokens until a stop text comes or they are enough. */
#include <string.h>
#include <unroll/generate.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/rng.h"
#include "config/config.h"
#include "store/model.h"

struct unroll_text_generator {
    const unroll_vocabulary *vocabulary;
    bool lines;
    unroll_stepper *stepper;
    unroll_sampler *sampler;
    unroll_rng rng; /* of first tokens only; the sampler has its own */
    char *prime;
    size_t prime_length;
    unroll_ids prime_ids;
    char *stop;
    size_t stop_length, matched;
    size_t *border; /* [stop_length]: Knuth, Morris and Pratt (1977) */
    unroll_text_sink *sink;
    void *arg;
    bool wanted; /* the sink takes more */
};

unroll_status unroll_text_generator_new(const unroll_model *model, const unroll_choice *choice,
                                        uint64_t seed, unroll_text_generator **out)
{
    *out = NULL;
    if (!model->vocabulary || model->source_vocabulary)
        return unroll_fail(UNROLL_EUSAGE, "a model of task %s writes no text by itself",
                           model->config->task);
    unroll_text_generator *g = unroll_alloc(1, sizeof *g);
    if (!g)
        return UNROLL_EMEMORY;
    g->vocabulary = model->vocabulary;
    g->lines = model->config->lines;
    unroll_status status = unroll_stepper_new(model->net, &g->stepper);
    if (!status)
        status = unroll_sampler_new(unroll_vocabulary_size(g->vocabulary), choice, seed, &g->sampler);
    if (!status)
        unroll_text_generator_seed(g, seed);
    if (status) {
        unroll_text_generator_free(g);
        return status;
    }
    *out = g;
    return UNROLL_OK;
}

void unroll_text_generator_seed(unroll_text_generator *g, uint64_t seed)
{
    unroll_rng_seed(&g->rng, seed, UNROLL_STREAM_DATA);
    unroll_sampler_seed(g->sampler, seed);
}

void unroll_text_generator_free(unroll_text_generator *g)
{
    if (!g)
        return;
    unroll_sampler_free(g->sampler);
    unroll_stepper_free(g->stepper);
    unroll_free(g->prime);
    unroll_ids_free(&g->prime_ids);
    unroll_free(g->stop);
    unroll_free(g->border);
    unroll_free(g);
}

unroll_status unroll_text_generator_prime(unroll_text_generator *g, const char *name,
                                          const char *text, size_t length)
{
    unroll_ids ids = {0};
    char *copy = unroll_strndup(text, length);
    const unroll_status status =
        copy ? unroll_vocabulary_encode(g->vocabulary, name ? name : "the prime text", text, length,
                                        &ids)
             : UNROLL_EMEMORY;
    if (status != UNROLL_OK) {
        unroll_ids_free(&ids);
        unroll_free(copy);
        return status;
    }
    unroll_ids_free(&g->prime_ids);
    unroll_free(g->prime);
    g->prime_ids = ids;
    g->prime = copy;
    g->prime_length = length;
    return UNROLL_OK;
}

unroll_status unroll_text_generator_stop_at(unroll_text_generator *g, const char *text, size_t length)
{
    char *copy = unroll_strndup(text, length);
    size_t *border = unroll_alloc(length, sizeof *border);
    if (!copy || !border) {
        unroll_free(border);
        unroll_free(copy);
        return UNROLL_EMEMORY;
    }
    for (size_t i = 1, k = 0; i < length; i++) {
        while (k && copy[i] != copy[k])
            k = border[k - 1];
        k += copy[i] == copy[k];
        border[i] = k;
    }
    unroll_free(g->border);
    unroll_free(g->stop);
    g->border = border;
    g->stop = copy;
    g->stop_length = length;
    return UNROLL_OK;
}

static void give(unroll_text_generator *g, const char *data, size_t length)
{
    if (length)
        g->wanted = g->wanted && g->sink(g->arg, data, length);
}

/* Give `data`, but hold back what may be the beginning of the stop text: the first `matched`
 * bytes of it. True when all of it has come. */
static bool give_until_stop(unroll_text_generator *g, const char *data, size_t length)
{
    if (!g->stop_length) {
        give(g, data, length);
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        while (g->matched && g->stop[g->matched] != data[i]) {
            const size_t keep = g->border[g->matched - 1];
            give(g, g->stop, g->matched - keep);
            g->matched = keep;
        }
        if (g->stop[g->matched] == data[i])
            g->matched++;
        else
            give(g, data + i, 1);
        if (g->matched == g->stop_length)
            return true;
    }
    return false;
}

static bool give_token(unroll_text_generator *g, uint32_t before, uint32_t id)
{
    size_t length;
    const char *glue = before == UINT32_MAX ? "" : unroll_vocabulary_glue(g->vocabulary, before, id);
    const char *token = unroll_vocabulary_token(g->vocabulary, id, &length);
    return give_until_stop(g, glue, strlen(glue)) || give_until_stop(g, token, length);
}

/* Bring the network to where the first token is drawn; *before is the last one that was fed. */
static const unroll_real *begin(unroll_text_generator *g, uint32_t newline, uint32_t *before)
{
    const unroll_real *logits = NULL;
    unroll_stepper_reset(g->stepper);
    *before = UINT32_MAX;
    if (newline != UINT32_MAX && (g->lines || g->prime_ids.count == 0)) {
        logits = unroll_stepper_step(g->stepper, newline);
        *before = newline;
    }
    for (size_t i = 0; i < g->prime_ids.count; i++)
        logits = unroll_stepper_step(g->stepper, *before = g->prime_ids.id[i]);
    give(g, g->prime, g->prime_length);
    return logits;
}

void unroll_text_generator_write(unroll_text_generator *g, uint64_t length, unroll_text_sink *sink,
                                 void *arg, unroll_generated_text *result)
{
    unroll_generated_text unwanted;
    const uint32_t newline = unroll_vocabulary_find(g->vocabulary, "\n", 1);
    uint32_t before;
    g->sink = sink;
    g->arg = arg;
    g->wanted = true;
    g->matched = 0;
    result = result ? result : &unwanted;
    *result = (unroll_generated_text){0};
    const unroll_real *logits = begin(g, newline, &before);
    while (g->wanted && !result->stopped && (length == 0 || result->tokens < length)) {
        const uint32_t id =
            logits ? unroll_sampler_next(g->sampler, logits)
                   : (uint32_t)unroll_rng_below(&g->rng, unroll_vocabulary_size(g->vocabulary));
        result->tokens++;
        result->stopped = give_token(g, before, id);
        if (g->lines && id == newline)
            unroll_stepper_reset(g->stepper);
        logits = unroll_stepper_step(g->stepper, id);
        before = id;
    }
    if (!result->stopped)
        give(g, g->stop, g->matched);
}
