#ifndef UNROLL_TRANSLATE_H
#define UNROLL_TRANSLATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/model.h>
#include <unroll/real.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What stands for a token of a translation that the model does not know. */
enum unroll_unknown {
    UNROLL_UNKNOWN_COPY, /**< the source token that attention points at, Luong, Sutskever et al. (2015); without it the
                              source's own unknown tokens, in their order */
    UNROLL_UNKNOWN_UNK /**< "<unk>" */
};

/** How a translation is found: by beam search. The best has most of the length-penalised log-probability, equation 14
 *  of Wu et al. (2016) without coverage:
 *      s(Y, X) = ln P(Y|X) / lp(Y),    lp(Y) = ((5 + |Y|) / 6)^α,    |Y| counting the end
 *  Begin with UNROLL_TRANSLATOR_OPTIONS_INIT. */
typedef struct unroll_translator_options {
    size_t size; /**< sizeof(unroll_translator_options) */
    size_t beam; /**< continuations kept at each step; 0 or 1: the likeliest token alone (greedy) */
    size_t best; /**< translations of a line, at most `beam`; 0: 1 */
    double length_penalty; /**< α, at least 0; 0: the likeliest translation */
    size_t max_length;     /**< tokens of a translation; 0: twice the source's and 10 more */
    enum unroll_unknown unknown;
    bool attention; /**< keep the weights of attention */
} unroll_translator_options;
/** Greedy, with the length penalty that the program has. */
#define UNROLL_TRANSLATOR_OPTIONS_INIT                                                         \
    {                                                                                          \
        .size = sizeof(unroll_translator_options), .beam = 1, .best = 1, .length_penalty = 0.6 \
    }

/** A source line as the encoder reads it. Ids are of the model's source vocabulary; id 2 is the end, "</s>". */
typedef struct unroll_source {
    uint32_t *id; /**< [length] the tokens, then the end; backwards where the model was trained so */
    const char **token; /**< [length] what stood in the text for each; "" for the end */
    size_t *bytes;      /**< [length] of each token */
    size_t length;      /**< 1 for a line without tokens */
    size_t end;         /**< where the end is: last, or first */
    size_t unknown;     /**< tokens that the vocabulary lacks */
    char *text;         /**< what `token` points into */
} unroll_source;

/** One translation. */
typedef struct unroll_translation {
    char *text; /**< [length] bytes, and a NUL behind */
    size_t length;
    uint32_t *id; /**< [tokens] of the target vocabulary, the end left out */
    size_t tokens;
    bool ended;             /**< false: it was cut at max_length */
    double log_probability; /**< ln P(Y|X) in nats, the end's included where it ended */
    double penalised;       /**< s(Y, X), by which the best are chosen */
    unroll_real *attention; /**< [tokens + ended][source.length] weights, each row's sum 1; NULL without attention, or
                                 where it was not asked for */
} unroll_translation;

/** The best translations of a line. */
typedef struct unroll_translations {
    unroll_source source;
    unroll_translation *list; /**< [count], best first */
    size_t count; /**< from 1 to `best`; a line without tokens has one, which is empty */
} unroll_translations;
/** Free what unroll_translator_line() filled, and make it zero. */
void unroll_translations_free(unroll_translations *translations);

/** Translates line by line. What a line becomes does not depend on the lines before it. */
typedef struct unroll_translator unroll_translator;

/** @param model    a translation's; must outlive the translator, which only reads it: several, each on its own thread,
 *                  may share one
 *  @param options  NULL: UNROLL_TRANSLATOR_OPTIONS_INIT
 *  @param out      freed by unroll_translator_free()
 *  @return UNROLL_EUSAGE for a model that does not translate or a number out of its range; UNROLL_EMEMORY */
unroll_status unroll_translator_new(const unroll_model *model,
                                    const unroll_translator_options *options,
                                    unroll_translator **out);
void unroll_translator_free(unroll_translator *translator); /**< NULL is allowed */

/** Translate one line.
 *  @param name  what messages call the text; NULL: "the line"
 *  @param line  [length] bytes without a newline at the end
 *  @param out   its old content is not freed; freed by unroll_translations_free(), zero on failure
 *  @return UNROLL_EDATA for text that is not UTF-8, unless the model's rules replace it; UNROLL_EMEMORY */
unroll_status unroll_translator_line(unroll_translator *translator, const char *name,
                                     const char *line, size_t length, unroll_translations *out);

#ifdef __cplusplus
}
#endif
#endif
