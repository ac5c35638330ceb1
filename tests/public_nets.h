#ifndef TESTS_PUBLIC_NETS_H
#define TESTS_PUBLIC_NETS_H
#include <unroll.h>

/* Networks and windows made through the installed headers alone. What cannot be made fails the calling test. */

enum { SYMBOLS = 7, HIDDEN = 12, STEPS = 40, ROWS = 6 };

/** Weights are drawn and packed. */
unroll_net *new_net(const unroll_net_spec *spec, const char *init);
/** Two layers of HIDDEN units over SYMBOLS tokens. */
unroll_net *new_cell(const char *cell, const char *init);
unroll_probe *new_probe(const unroll_net *net, size_t steps, size_t rows);
unroll_probe *new_probe_in(enum unroll_precision precision, const unroll_net *net, size_t steps,
                           size_t rows);
/** Tokens that follow no pattern a net could know. */
void fill_tokens(size_t count, uint32_t *id);
/** Of a thousand such tokens. */
unroll_windows *new_windows(size_t steps, size_t windows);
#endif
