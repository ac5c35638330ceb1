#ifndef UNROLL_MATH_KERNELS_H
#define UNROLL_MATH_KERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unroll/real.h>

/* The inner loops, compiled once per instruction set into one `const` row each. What is on a hot path
 * and touches numbers goes through a row, so that a test can hold every row against `generic`.
 *
 * Panels: a matrix P[K][N] that is multiplied from the right is packed into ceil(N/width) panels of
 * `width` columns, each [depth][width] with depth >= K: panel j begins at data + j·width·depth. So the
 * inner loop reads it with unit stride. Columns past N are zero.
 *
 * Pitches: every row of a workspace array is padded to a multiple of `width`, so that no loop has a tail.
 *
 * Order: each result is one sum in one order (k ascending), whatever tile, band or thread computes it. */

struct unroll_cell;
struct unroll_activation;
struct unroll_norm;

/** How a product begins: from zero, from a row of `bias` ([N], padded), or from what is in C. */
enum unroll_start { UNROLL_FROM_ZERO, UNROLL_FROM_BIAS, UNROLL_FROM_SELF };

/** C[g][r][0..N) = start + A[g][r][0..K) · P, for all groups g and rows r. */
typedef struct unroll_product {
    size_t groups, rows; /**< rows are contiguous by pitch within a group */
    size_t N;            /**< columns; a multiple of `width` (pad with zero columns) */
    size_t K;
    const unroll_real *A;
    size_t a_group, a_pitch;
    const unroll_real *panels;
    size_t depth; /**< rows of a panel, >= K */
    unroll_real *C;
    size_t c_group, c_pitch;
    enum unroll_start start;
    const unroll_real *bias; /**< [N] for UNROLL_FROM_BIAS, else unused */
} unroll_product;

enum { UNROLL_OUTER_RIGHTS = 2 };

/** One right-hand side of unroll_outer. */
typedef struct unroll_outer_right {
    const unroll_real *B;
    size_t b_pitch, N;
    unroll_real *C;
    size_t c_pitch;
    size_t columns; /**< the kernel's own */
} unroll_outer_right;

/** C[m][n] += sum over r < rows of A[r][m]·B[r][n], m in [0,M), n in [0,N), for each right-hand side: weight
 *  gradients. C is a plain row-major matrix without padding; A and B have pitches. */
typedef struct unroll_outer {
    size_t rows, M;
    const unroll_real *A;
    size_t a_pitch;
    unroll_outer_right right[UNROLL_OUTER_RIGHTS]; /**< N 0: none; the first is not */
    unroll_real *sum;     /**< NULL, or [M] += sum over r of A[r][m], to the bit as column_sum() */
    unroll_real *scratch; /**< [kernels->outer_scratch], this thread's own, 64-byte aligned */
} unroll_outer;

/** Softmax, cross-entropy and its gradient for one row, in place.
 *  in: logits[0..V); out: (softmax − onehot(target))·scale, zero from V to pitch; where scale is 0 the row
 *  becomes zero. Finds the maximum first, so large logits do not overflow.
 *  @return −ln p(target) in nats (double), unscaled; *best = index of the largest logit (lowest wins). */
typedef double unroll_softmax_fn(size_t V, size_t pitch, unroll_real *logits, uint32_t target,
                                 unroll_real scale, uint32_t *best);

/** Additive attention, one row: K is a multiple of `width`, padding columns of v are 0. */
typedef struct unroll_additive {
    size_t T, S, K;
    const unroll_real *q, *k, *v; /**< [T][q_pitch], [S][k_pitch], [K] */
    size_t q_pitch, k_pitch;
    unroll_real *a; /**< [T][a_pitch] */
    size_t a_pitch;
    unroll_real *dq, *dk, *dv; /**< laid out as q, k, v */
} unroll_additive;

typedef struct unroll_kernels {
    const char *name;        /**< "generic", "avx2", "avx512", "neon" */
    bool (*supported)(void); /**< may this processor and system run it? */
    size_t lanes;            /**< reals in a vector */
    size_t width;            /**< columns of a panel; all pitches are multiples of it */
    size_t outer_scratch;    /**< reals that unroll_outer needs */
    void (*product)(const unroll_product *);
    void (*outer)(const unroll_outer *);
    /** Panels of W^T for x·W^T: P[k][n] = W[n][k], W [N][K] row-major with `pitch`. Writes whole panels of
     *  `depth` rows: rows k in [K,depth) are left alone, columns past N become zero. */
    void (*pack_transposed)(size_t N, size_t K, const unroll_real *W, size_t pitch,
                            unroll_real *panels, size_t depth);
    /** Panels of W for d·W: P[k][n] = W[k][n], W [K][N] row-major; as above. */
    void (*pack)(size_t K, size_t N, const unroll_real *W, size_t pitch, unroll_real *panels,
                 size_t depth);
    /** y[i] = a[i] + b[i], any n; y may be a or b. */
    void (*add)(size_t n, const unroll_real *a, const unroll_real *b, unroll_real *y);
    /** out[n] += sum over r of A[r][n], n in [0,N), r ascending (any N; no padding of out). */
    void (*column_sum)(size_t rows, size_t N, const unroll_real *A, size_t pitch, unroll_real *out);
    /** out[n] += sum over r of A[r][n]·B[r][n], likewise. */
    void (*column_dot)(size_t rows, size_t N, const unroll_real *A, size_t a_pitch,
                       const unroll_real *B, size_t b_pitch, unroll_real *out);
    double (*peak)(size_t rounds, unroll_real *sink);      /**< see peak.c */
    unroll_real (*read)(size_t n, const unroll_real *x);   /**< see peak.c */
    double (*sum_squares)(size_t n, const unroll_real *x); /**< in double, one fixed order */
    unroll_softmax_fn *softmax;
    /** y[i] = f(x[i]), any n, x == y allowed. Error in ulp: stated in vec.h, tested. */
    void (*exp)(size_t n, const unroll_real *x, unroll_real *y);
    void (*tanh)(size_t n, const unroll_real *x, unroll_real *y);
    void (*sigmoid)(size_t n, const unroll_real *x, unroll_real *y);
    /** dx[i] = dy[i] · (1 − tanh²(x[i])), any n; dx may be x or dy. */
    void (*tanh_back)(size_t n, const unroll_real *x, const unroll_real *dy, unroll_real *dx);
    void (*additive)(const unroll_additive *);      /**< a[t][s] = v·tanh(q_t + k_s) */
    void (*additive_back)(const unroll_additive *); /**< a has gradients; dq, dk and dv are added to */
    const struct unroll_cell *const *cells;         /**< src/cell/cell_table.c; NULL at the end */
    const struct unroll_activation *const *activations; /**< likewise */
    const struct unroll_norm *const *norms;             /**< likewise */
} unroll_kernels;

/** The rows, best first, "generic" last; NULL at the end. Includes rows this machine cannot run. */
extern const unroll_kernels *const unroll_kernels_table[];

/** The best supported row, or the one named in the environment variable UNROLL_KERNELS. Chosen once.
 *  A name that is unknown or unsupported sets a message and returns NULL. */
const unroll_kernels *unroll_kernels_get(void);

/** Symbols of the per-set objects: UNROLL_K(product) is unroll_product_avx2 and so on, with -DUNROLL_SET=avx2;
 *  of a set's objects in doubles unroll_product_avx2_double. */
#ifdef UNROLL_DOUBLE
#define UNROLL_OF(name, set) unroll_##name##_##set##_double
#else
#define UNROLL_OF(name, set) unroll_##name##_##set
#endif
#define UNROLL_OF_(name, set) UNROLL_OF(name, set)
#define UNROLL_K(name) UNROLL_OF_(name, UNROLL_SET)

#ifdef UNROLL_SET
/** What a set's object fills its row with; NULL at the end. */
extern const struct unroll_cell *const UNROLL_K(cells)[];
extern const struct unroll_activation *const UNROLL_K(activations)[];
extern const struct unroll_norm *const UNROLL_K(norms)[];
#endif
#endif
