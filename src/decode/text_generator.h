#ifndef UNROLL_DECODE_TEXT_GENERATOR_H
#define UNROLL_DECODE_TEXT_GENERATOR_H
#include <unroll/model.h>

/** Writes text with a network, token by token. */
typedef struct unroll_text_generator unroll_text_generator;

/** @param net, vocabulary  must outlive the generator
 *  @param lines  trained on lines: each begins with a newline from the zero state
 *  @return UNROLL_EMEMORY */
unroll_status unroll_text_generator_new(const unroll_net *net, const unroll_vocabulary *vocabulary, bool lines,
                            const unroll_choice *choice, uint64_t seed, unroll_text_generator **out);
void unroll_text_generator_free(unroll_text_generator *g);

/** The text to begin with; copied. @param name  what messages call it
 *  @return as unroll_vocabulary_encode() */
unroll_status unroll_text_generator_prime(unroll_text_generator *g, const char *name, const char *text, size_t length);

/** A text that ends the output and is not written itself; copied. */
unroll_status unroll_text_generator_stop_at(unroll_text_generator *g, const char *text, size_t length);

/** Takes the text in pieces of at least a byte, which may cut a character; returns false to end
 *  it. */
typedef bool unroll_text_sink(void *arg, const char *data, size_t length);

typedef struct unroll_generated_text {
    uint64_t tokens;   /**< drawn; the prime text not counted */
    bool stopped;      /**< the stop text came */
} unroll_generated_text;

/** One text from the zero state: the prime text, then up to `length` tokens (0: without end). The
 *  random numbers go on from one text to the next. Without a prime text it begins as after a
 *  newline, or, where the vocabulary has none, with a token drawn evenly. */
void unroll_text_generator_run(unroll_text_generator *g, uint64_t length, unroll_text_sink *sink, void *arg,
                   unroll_generated_text *result);
#endif
