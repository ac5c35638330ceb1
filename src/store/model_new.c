/* A model made of a network that was trained by a loop of the caller's: its options follow from the network's spec. */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/versioned.h"
#include "config/config.h"
#include "data/pairs.h"
#include "store/model.h"

static unroll_status set_task(unroll_config *config, const unroll_vocabulary *vocabulary,
                              const unroll_model_options *o)
{
    const char *task = o->task ? o->task : o->source_vocabulary ? "translate" : "char";
    UNROLL_TRY(unroll_config_set(config, "task", task));
    const enum unroll_model_kind kind = unroll_model_kind(config);
    if (kind == UNROLL_MODEL_SYNTHETIC && (vocabulary || o->source_vocabulary))
        return unroll_fail(UNROLL_EUSAGE, "task %s has no text, so its model takes no vocabulary",
                           task);
    if (kind != UNROLL_MODEL_SYNTHETIC && !vocabulary)
        return unroll_fail(UNROLL_EUSAGE, "a network without a vocabulary needs the name of a "
                                          "synthetic task");
    if ((kind == UNROLL_MODEL_TRANSLATION) != (o->source_vocabulary != NULL))
        return unroll_fail(UNROLL_EUSAGE, "task %s: a source vocabulary %s", task,
                           o->source_vocabulary ? "is of no use" : "is missing");
    if (o->source_vocabulary &&
        (!unroll_pairs_fits(vocabulary) || !unroll_pairs_fits(o->source_vocabulary)))
        return unroll_fail(UNROLL_EUSAGE, "the vocabularies of a translation begin with <unk>, <s> "
                                          "and </s>");
    return UNROLL_OK;
}

/* What the network's spec says, through the same setters as every other option. */
static unroll_status set_network(unroll_config *config, const unroll_net_spec *s)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"cell", s->cell}, {"gru", s->gru},
                 {"lstm", s->lstm}, {"activation", s->activation},
                 {"norm", s->norm}, {"attention", s->attention}};
    const struct {
        const char *name;
        size_t value;
    } sizes[] = {{"layers", s->layers},
                 {"hidden", s->hidden},
                 {"embedding", s->embedding},
                 {"norm-steps", s->norm_steps ? s->norm_steps : 1}};
    const struct {
        const char *name;
        double value;
    } reals[] = {{"dropout", s->dropout},
                 {"omega", s->omega},
                 {"label-smoothing", s->label_smoothing},
                 {"scheduled-sampling", s->scheduled_sampling}};
    const struct {
        const char *name;
        bool value;
    } flags[] = {{"tie", s->tie},
                 {"residual", s->residual},
                 {"skip-input", s->skip_input},
                 {"bidirectional", s->bidirectional}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value && *texts[i].value) /* "" where a cell has no variants */
            UNROLL_TRY(unroll_config_set(config, texts[i].name, texts[i].value));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        UNROLL_TRY(unroll_config_set_integer(config, sizes[i].name, (int64_t)sizes[i].value));
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        UNROLL_TRY(unroll_config_set_real(config, reals[i].name, reals[i].value));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        UNROLL_TRY(unroll_config_set_flag(config, flags[i].name, flags[i].value));
    return UNROLL_OK;
}

static void set_rules(unroll_config *config, const unroll_text_rules *rules)
{
    config->tokens = (int)rules->tokens;
    config->normalize = (int)rules->normalize;
    config->casefold = rules->casefold;
    config->invalid = rules->replace;
    config->min_count = rules->min_count;
}

/* A file's model is built from its options and vocabularies: they must ask for this network. */
static unroll_status check_fit(const unroll_model *m)
{
    const unroll_net_spec *is = unroll_net_get_spec(m->net);
    unroll_net_spec asked;
    UNROLL_TRY(unroll_model_spec(m->config, m->source_vocabulary, m->vocabulary, &asked));
    const struct {
        const char *what;
        size_t is, asked;
    } rows[] = {{"inputs", is->inputs, asked.inputs},
                {"outputs", is->outputs, asked.outputs},
                {"source tokens", is->source, asked.source}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].is != rows[i].asked)
            return unroll_fail(UNROLL_EUSAGE, "the network has %zu %s where its %s %zu", rows[i].is,
                               rows[i].what, m->vocabulary ? "vocabularies have" : "task has",
                               rows[i].asked);
    if (is->features != asked.features)
        return unroll_fail(UNROLL_EUSAGE, "the network reads %s, task %s has %s",
                           is->features ? "features" : "tokens", m->config->task,
                           asked.features ? "features" : "tokens");
    if (is->squared != asked.squared)
        return unroll_fail(UNROLL_EUSAGE, "the network's loss is %s, that of task %s is %s",
                           is->squared ? "squared" : "in nats", m->config->task,
                           asked.squared ? "squared" : "in nats");
    return UNROLL_OK;
}

static unroll_status fill(unroll_model *m, const unroll_vocabulary *vocabulary,
                          const unroll_model_options *o)
{
    UNROLL_TRY(unroll_config_new(&m->config));
    UNROLL_TRY(set_task(m->config, vocabulary, o));
    UNROLL_TRY(set_network(m->config, unroll_net_get_spec(m->net)));
    if (vocabulary)
        set_rules(m->config, unroll_vocabulary_rules(vocabulary));
    m->config->lines = o->lines;
    m->config->reverse_source = o->reverse_source;
    if (vocabulary)
        UNROLL_TRY(unroll_vocabulary_copy(vocabulary, &m->vocabulary));
    if (o->source_vocabulary)
        UNROLL_TRY(unroll_vocabulary_copy(o->source_vocabulary, &m->source_vocabulary));
    return check_fit(m);
}

unroll_status unroll_model_new(unroll_net *net, const unroll_vocabulary *vocabulary,
                               const unroll_model_options *options, unroll_model **out)
{
    unroll_model_options o = UNROLL_MODEL_OPTIONS_INIT;
    *out = NULL;
    if (options)
        UNROLL_TRY(unroll_versioned_copy("unroll_model_options", options, &o, sizeof o));
    unroll_model *m = unroll_alloc(1, sizeof *m);
    if (!m)
        return UNROLL_EMEMORY;
    m->net = net;
    const unroll_status status = fill(m, vocabulary, &o);
    if (status != UNROLL_OK) {
        m->net = NULL; /* stays the caller's */
        unroll_model_free(m);
        return status;
    }
    *out = m;
    return UNROLL_OK;
}
