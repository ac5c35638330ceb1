#ifndef UNROLL_GENERATE_H
#define UNROLL_GENERATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/model.h>
#include <unroll/real.h>
#include <unroll/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one token after the other ---- */

/** How the next token is chosen from logits. */
typedef struct unroll_choice {
    size_t size;        /**< sizeof(unroll_choice) */
    double temperature; /**< logits are divided by it; 0: always the most likely token */
    uint64_t top_k;     /**< 0: all; above the vocabulary: all */
    double top_p;       /**< 0 or 1: all; else the smallest set with that probability */
} unroll_choice;
#define UNROLL_CHOICE_INIT                              \
    {                                                   \
        .size = sizeof(unroll_choice), .temperature = 1 \
    }

/** Draws tokens. It keeps its random state, so one thread at a time may use it. */
typedef struct unroll_sampler unroll_sampler;
/** @param outputs  length of the logits, from 1 to 2^32 - 1
 *  @param choice   copied; NULL: temperature 1 and all tokens
 *  @param seed     equal seeds draw equal tokens from equal logits
 *  @param out      freed by unroll_sampler_free(); NULL on failure
 *  @return UNROLL_EUSAGE where a number is out of its range or the size of choice is not set; UNROLL_EMEMORY */
unroll_status unroll_sampler_new(size_t outputs, const unroll_choice *choice, uint64_t seed,
                                 unroll_sampler **out);
/** Begin the random numbers anew, as unroll_sampler_new() with this seed does. */
void unroll_sampler_seed(unroll_sampler *sampler, uint64_t seed);
void unroll_sampler_free(unroll_sampler *sampler);
/** @param logits  [outputs]; NaN counts as minus infinity
 *  @return a token id below outputs */
uint32_t unroll_sampler_next(unroll_sampler *sampler, const unroll_real *logits);

/* ---- a text ---- */

/** Writes texts with a model, token by token. */
typedef struct unroll_text_generator unroll_text_generator;

/** @param model   of a text; must outlive the generator, which only reads it
 *  @param choice  copied; NULL: temperature 1 and all tokens
 *  @param seed    the same seed writes the same texts
 *  @param out     freed by unroll_text_generator_free(); NULL on failure
 *  @return UNROLL_EUSAGE for a model that has no text and for a choice as unroll_sampler_new(); UNROLL_EMEMORY */
unroll_status unroll_text_generator_new(const unroll_model *model, const unroll_choice *choice,
                                        uint64_t seed, unroll_text_generator **out);
/** Begin the random numbers anew, as unroll_text_generator_new() with this seed does: the next text is then that of the
 *  seed, however many were written before. */
void unroll_text_generator_seed(unroll_text_generator *generator, uint64_t seed);
void unroll_text_generator_free(unroll_text_generator *generator); /**< NULL is allowed */

/** The text that the model goes on from, and that each text begins with. Without one a text begins as after a newline,
 *  or, where the vocabulary has none, with a token drawn evenly.
 *  @param name  what messages call it; NULL: "the prime text"
 *  @param text  [length] bytes, copied
 *  @return UNROLL_EDATA for what is not UTF-8 or has a token that the vocabulary lacks, UNROLL_EMEMORY; the generator
 *          is then as it was */
unroll_status unroll_text_generator_prime(unroll_text_generator *generator, const char *name,
                                          const char *text, size_t length);

/** A text that ends what is written, and is not written itself.
 *  @param text  [length] bytes, copied; length 0: there is none
 *  @return UNROLL_EMEMORY; the generator is then as it was */
unroll_status unroll_text_generator_stop_at(unroll_text_generator *generator, const char *text,
                                            size_t length);

/** Takes a text in pieces of at least a byte, which may cut a character in two. `data` holds during the call, and no
 *  NUL stands behind it. @return false to end the text */
typedef bool unroll_text_sink(void *arg, const char *data, size_t length);

/** What was written. */
typedef struct unroll_generated_text {
    uint64_t tokens; /**< drawn; those of the prime text not counted */
    bool stopped;    /**< the stop text came */
} unroll_generated_text;

/** Write one text from the zero state: the prime text, then tokens. Random numbers go on from one text to the next.
 *  @param length  tokens at the most; 0: until the stop text comes or the sink has had enough
 *  @param result  may be NULL */
void unroll_text_generator_write(unroll_text_generator *generator, uint64_t length,
                                 unroll_text_sink *sink, void *arg, unroll_generated_text *result);

#ifdef __cplusplus
}
#endif
#endif
