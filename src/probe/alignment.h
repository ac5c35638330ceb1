#ifndef UNROLL_PROBE_ALIGNMENT_H
#define UNROLL_PROBE_ALIGNMENT_H
#include <unroll/probe.h>

/** What each word of a translation learns from each word of its source: the L2 norm of dL_t/dx_s, L_t the
 *  cross-entropy of target position t alone in nats, x_s the encoder's input at step s (the embedding, or the
 *  one-hot vector), through states and attention alike; without dropout, smoothing or sampling.
 *  @param probe      of a net with an encoder, however large
 *  @param source     [S] ids as the encoder reads them, S > 0
 *  @param input      [T] the decoder's inputs, T > 0
 *  @param target     [T]
 *  @param norm       [T][S]
 *  @param attention  NULL, or takes the weights [T][S]; zero without attention
 *  @return UNROLL_EUSAGE without an encoder; UNROLL_EBUG for an id out of range; UNROLL_EMEMORY;
 *          UNROLL_ENUMERIC where a norm is not finite */
unroll_status unroll_alignment(unroll_probe *probe, size_t S, const uint32_t *source, size_t T,
                               const uint32_t *input, const uint32_t *target, double *norm,
                               double *attention);
#endif
