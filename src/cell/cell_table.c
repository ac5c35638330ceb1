#include "cell/cell.h"

extern const unroll_cell UNROLL_K(cell_rnn), UNROLL_K(cell_lstm), UNROLL_K(cell_gru),
    UNROLL_K(cell_gru_before);

/* The one list of cells; of several variants the first is the default. */
extern const unroll_cell *const UNROLL_K(cells)[];
const unroll_cell *const UNROLL_K(cells)[] = {
    &UNROLL_K(cell_rnn),
    &UNROLL_K(cell_lstm),
    &UNROLL_K(cell_gru),
    &UNROLL_K(cell_gru_before),
    NULL,
};
