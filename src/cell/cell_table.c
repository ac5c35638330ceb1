#include "cell/cell.h"

/* The tables of cells, activations and normalisations. Their rows are made from the lists of files in module.am. */

#define CELL(name) extern const unroll_cell UNROLL_K(name);
#define ACTIVATION(name) extern const unroll_activation UNROLL_K(name);
#define NORM(name) extern const unroll_norm UNROLL_K(name);
#include "cell/activation_rows.h"
#include "cell/cell_rows.h"
#include "cell/norm_rows.h"
#undef CELL
#undef ACTIVATION
#undef NORM

#define CELL(name) &UNROLL_K(name),
#define ACTIVATION(name) &UNROLL_K(name),
#define NORM(name) &UNROLL_K(name),

const unroll_cell *const UNROLL_K(cells)[] = {
#include "cell/cell_rows.h"
    NULL,
};

const unroll_activation *const UNROLL_K(activations)[] = {
#include "cell/activation_rows.h"
    NULL,
};

const unroll_norm *const UNROLL_K(norms)[] = {
#include "cell/norm_rows.h"
    NULL,
};
