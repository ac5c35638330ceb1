#ifndef UNROLL_DECODE_BEAM_H
#define UNROLL_DECODE_BEAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>
#include <unroll/status.h>

/* Beam search over whatever gives the logits of the next symbol. Width 1 is greedy. */

/** Where logits come from: unroll_decoding_step() and its kin, or a test's table. */
typedef struct unroll_beam_decoder {
    void *self;
    size_t outputs, pitch;
    /** As unroll_decoding_step(): logits [rows][pitch]; the first call's rows have no past. */
    const unroll_real *(*step)(void *self, const uint32_t *id, const uint32_t *from, size_t rows);
    /** The last step's attention [rows][attention_pitch], or NULL. */
    const unroll_real *(*attention)(void *self);
    size_t attention_pitch;
} unroll_beam_decoder;

typedef struct unroll_beam_options {
    size_t width;          /**< continuations kept, at least 1 */
    size_t best;           /**< results wanted, 1 to width */
    double length_penalty; /**< α, at least 0 */
    size_t max_length;     /**< symbols, the end not counted */
    uint32_t begin,
        end; /**< what a decoder reads first, and what ends a result; `begin` is never chosen */
} unroll_beam_options;

/** A finished line of symbols. Pointers belong to the beam and hold until its next search. */
typedef struct unroll_hypothesis {
    const uint32_t *id; /**< [length] without the end */
    size_t length;
    bool ended;                   /**< false: cut at max_length */
    double log_probability;       /**< ln P(Y|X), the end's included where it ended */
    double penalised;             /**< log_probability / lp(Y): what the best have most of */
    const unroll_real *attention; /**< [length + ended][attention_length]; NULL without attention */
} unroll_hypothesis;

/** A search's memory, for one search after the other. */
typedef struct unroll_beam unroll_beam;
unroll_status unroll_beam_new(unroll_beam **out);
void unroll_beam_free(unroll_beam *beam);

/** Find the best lines, by equation 14 of Wu et al. (2016) without coverage:
 *      s(Y, X) = ln P(Y|X) / lp(Y),    lp(Y) = ((5 + |Y|) / 6)^α
 *  |Y| counts the end. α = 0 is the log-probability itself. A search ends when as many lines as its
 *  width have ended and no other can still come before the last of them. Equals go by the older row, then
 *  the lower id.
 *  @param attention_length  columns of attention to keep; 0: none
 *  @param list   [options->best], best first
 *  @param count  how many there are; at least 1
 *  @return UNROLL_EMEMORY */
unroll_status unroll_beam_search(unroll_beam *beam, const unroll_beam_decoder *decoder,
                                 const unroll_beam_options *options, size_t attention_length,
                                 unroll_hypothesis *list, size_t *count);
#endif
