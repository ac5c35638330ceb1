#ifndef UNROLL_CLI_GENERATE_H
#define UNROLL_CLI_GENERATE_H
#include <unroll/model.h>

/** Writes text with a network, token by token. */
typedef struct generator generator;

/** @param net, vocabulary  must outlive the generator
 *  @param lines  trained on lines: each begins with a newline from the zero state
 *  @return UNROLL_EMEMORY */
unroll_status generator_new(const unroll_net *net, const unroll_vocabulary *vocabulary, bool lines,
                            const unroll_choice *choice, uint64_t seed, generator **out);
void generator_free(generator *g);

/** The text to begin with; copied. @param name  what messages call it
 *  @return as unroll_vocabulary_encode() */
unroll_status generator_prime(generator *g, const char *name, const char *text, size_t length);

/** A text that ends the output and is not written itself; copied. */
unroll_status generator_stop_at(generator *g, const char *text, size_t length);

/** Takes the text in pieces of at least a byte, which may cut a character; returns false to end
 *  it. */
typedef bool generator_sink(void *arg, const char *data, size_t length);

typedef struct generated {
    uint64_t tokens;   /**< drawn; the prime text not counted */
    bool stopped;      /**< the stop text came */
} generated;

/** One text from the zero state: the prime text, then up to `length` tokens (0: without end). The
 *  random numbers go on from one text to the next. Without a prime text it begins as after a
 *  newline, or, where the vocabulary has none, with a token drawn evenly. */
void generator_run(generator *g, uint64_t length, generator_sink *sink, void *arg,
                   generated *result);
#endif
