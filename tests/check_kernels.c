/* Every kernel row that this machine can run, against doubles and against itself cut in other ways. */
#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unroll/status.h>
#include "base/memory.h"
#include "base/rng.h"
#include "math/kernels.h"
#include "runner.h"

/* ck_assert_msg() notes file and line in a pipe each time it holds: too slow for millions of elements. */
#define expect(condition, ...)                                                           \
    do {                                                                                 \
        if (!(condition))                                                                \
            ck_abort_msg(__VA_ARGS__);                                                   \
    } while (0)

static unroll_rng rng;

/* Exactly `count` reals, so that a sanitizer sees a step too far; values in [-1,1). */
static float *reals(size_t count)
{
    float *x = unroll_alloc(count, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)(2 * unroll_rng_uniform(&rng) - 1);
    return x;
}

static float *copy(const float *x, size_t count)
{
    float *y = unroll_alloc(count, sizeof *y);
    ck_assert_ptr_nonnull(y);
    memcpy(y, x, count * sizeof *x);
    return y;
}

static size_t up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

/* A sum of `terms` products in float, in any order, with values below 1: n·u of the sum of magnitudes. */
static double bound(size_t terms, double magnitude)
{
    return 0x1p-24 * ((double)terms + 2) * (magnitude + 1);
}

/* The row under test: each test runs once for every row of the table. */
static const unroll_kernels *row(int i)
{
    const unroll_kernels *k = unroll_kernels_table[i];
    return k->supported() ? k : NULL;
}

static int rows_in_table(void)
{
    int n = 0;
    while (unroll_kernels_table[n])
        n++;
    return n;
}

/* --- product --- */

typedef struct matrices {
    unroll_product p;
    float *A, *P, *W, *C, *bias; /* W [N][K] as given to pack_transposed */
    size_t size;                 /* of C */
} matrices;

static matrices make_product(const unroll_kernels *k, size_t groups, size_t rows, size_t N, size_t K,
                             size_t gap, enum unroll_start start)
{
    matrices m = {0};
    const size_t n = up(N, k->width), depth = K + gap % 3;
    const size_t a_pitch = K + gap, c_pitch = n + gap;
    const size_t a_group = rows * a_pitch + gap / 2, c_group = rows * c_pitch + (gap == 1);
    m.size = groups * c_group;
    m.A = reals(groups * a_group);
    m.W = reals(N * K);
    m.P = reals(n * depth);
    m.C = reals(m.size);
    m.bias = reals(n);
    k->pack_transposed(N, K, m.W, K, m.P, depth);
    m.p = (unroll_product){.groups = groups, .rows = rows, .N = n, .K = K,
                           .A = m.A, .a_group = a_group, .a_pitch = a_pitch,
                           .panels = m.P, .depth = depth,
                           .C = m.C, .c_group = c_group, .c_pitch = c_pitch,
                           .start = start, .bias = m.bias};
    return m;
}

static void free_product(matrices *m)
{
    unroll_free(m->A);
    unroll_free(m->W);
    unroll_free(m->P);
    unroll_free(m->C);
    unroll_free(m->bias);
}

static void check_product(const unroll_kernels *k, size_t groups, size_t rows, size_t N, size_t K,
                          size_t gap, enum unroll_start start)
{
    matrices m = make_product(k, groups, rows, N, K, gap, start);
    const unroll_product *p = &m.p;
    float *before = copy(m.C, m.size);
    k->product(p);

    /* what was written, and nothing between the rows */
    for (size_t i = 0; i < m.size; i++) {
        const size_t g = i / p->c_group, r = i % p->c_group / p->c_pitch, n = i % p->c_group % p->c_pitch;
        if (r >= rows || n >= p->N) {
            expect(m.C[i] == before[i], "%s: a gap was written", k->name);
            continue;
        }
        double sum = start == UNROLL_FROM_SELF ? before[i] : start == UNROLL_FROM_BIAS ? m.bias[n] : 0;
        double magnitude = fabs(sum);
        for (size_t q = 0; n < N && q < K; q++) {
            const double term = (double)m.A[g * p->a_group + r * p->a_pitch + q] * m.W[n * K + q];
            sum += term;
            magnitude += fabs(term);
        }
        expect(fabs(m.C[i] - sum) <= bound(K, magnitude),
                      "%s: %zu groups, %zu rows, N %zu, K %zu, gap %zu, start %d: [%zu][%zu][%zu] is %g, not %g",
                      k->name, groups, rows, N, K, gap, (int)start, g, r, n, (double)m.C[i], sum);
    }

    /* the same bits in bands of rows, down to single ones, which take other paths */
    float *whole = copy(m.C, m.size);
    for (size_t band = 1; band <= rows; band += 1 + rows / 3) {
        memcpy(m.C, before, m.size * sizeof *m.C);
        for (size_t r = 0; r < rows; r += band) {
            unroll_product part = *p;
            part.rows = rows - r < band ? rows - r : band;
            part.A += r * p->a_pitch;
            part.C += r * p->c_pitch;
            k->product(&part);
        }
        expect(memcmp(whole, m.C, m.size * sizeof *m.C) == 0,
                      "%s: %zu groups, %zu rows, N %zu, K %zu: other bits in bands of %zu rows", k->name,
                      groups, rows, N, K, band);
    }
    memcpy(m.C, before, m.size * sizeof *m.C);
    for (size_t g = 0; g < groups; g++)
        for (size_t r = 0; r < rows; r++) {
            unroll_product one = *p;
            one.groups = one.rows = 1;
            one.A += g * p->a_group + r * p->a_pitch;
            one.C += g * p->c_group + r * p->c_pitch;
            k->product(&one);
        }
    expect(memcmp(whole, m.C, m.size * sizeof *m.C) == 0,
                  "%s: %zu groups, %zu rows, N %zu, K %zu: other bits row by row", k->name, groups, rows, N, K);

    unroll_free(whole);
    unroll_free(before);
    free_product(&m);
}

START_TEST(product)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    static const size_t Ks[] = {1, 2, 7, 33, 128}, Ns[] = {1, 16, 33, 70};
    for (size_t rows = 1; rows <= 13; rows++)
        for (size_t i = 0; i < sizeof Ks / sizeof *Ks; i++)
            for (size_t j = 0; j < sizeof Ns / sizeof *Ns; j++) {
                const size_t gap = (rows + i + j) % 2 * (i + j), groups = 1 + (rows + j) % 3;
                const enum unroll_start start = (enum unroll_start)((rows + i + j) % 3);
                check_product(k, groups, rows, Ns[j], Ks[i], gap, start);
            }
    /* depths that are cut, rows and groups that are taken in chunks */
    for (enum unroll_start start = UNROLL_FROM_ZERO; start <= UNROLL_FROM_SELF; start++) {
        check_product(k, 1, 1, 200, 600, 0, start);
        check_product(k, 1, 2, 40, 600, 5, start);
        check_product(k, 2, 3, 40, 597, 0, start);
        check_product(k, 1, 25, 20, 1100, 4, start);
        check_product(k, 2, 60, 10, 599, 7, start);
        check_product(k, 30, 3, 10, 1025, 2, start);
        check_product(k, 60, 1, 10, 1025, 2, start);
    }
}
END_TEST

START_TEST(product_of_nothing)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    check_product(k, 1, 0, 10, 10, 0, UNROLL_FROM_ZERO);
    matrices m = make_product(k, 2, 3, 20, 4, 0, UNROLL_FROM_BIAS);
    m.p.K = 0;
    k->product(&m.p);
    for (size_t i = 0; i < m.size; i++)
        ck_assert(m.C[i] == m.bias[i % m.p.N]);
    m.p.groups = 0;
    m.p.start = UNROLL_FROM_ZERO;
    k->product(&m.p);
    ck_assert(m.C[0] == m.bias[0]);
    free_product(&m);
}
END_TEST

/* --- outer --- */

static void outer_columns(const unroll_kernels *k, const unroll_outer *o, size_t begin, size_t end)
{
    unroll_outer part = *o;
    part.M = end - begin;
    part.A += begin;
    for (size_t i = 0; i < UNROLL_OUTER_RIGHTS; i++)
        part.right[i].C += begin * o->right[i].c_pitch;
    part.sum += begin;
    k->outer(&part);
}

/* C += A^T·B, of one right-hand side; nothing past its columns. */
static void check_right(const unroll_kernels *k, const unroll_outer *o, const unroll_outer_right *r,
                        const float *before, const float *C)
{
    for (size_t m = 0; m < o->M; m++)
        for (size_t n = 0; n < r->c_pitch; n++) {
            const size_t i = m * r->c_pitch + n;
            if (n >= r->N) {
                expect(C[i] == before[i], "%s: outer wrote past N", k->name);
                continue;
            }
            double sum = before[i], magnitude = fabs(sum);
            for (size_t j = 0; j < o->rows; j++) {
                const double term = (double)o->A[j * o->a_pitch + m] * r->B[j * r->b_pitch + n];
                sum += term;
                magnitude += fabs(term);
            }
            expect(fabs(C[i] - sum) <= bound(o->rows, magnitude),
                   "%s: outer rows %zu, M %zu, N %zu: [%zu][%zu] is %g, not %g", k->name, o->rows,
                   o->M, r->N, m, n, (double)C[i], sum);
        }
}

/* Both results, then the sums, stand in one array. */
static void check_outer(const unroll_kernels *k, size_t rows, size_t M, size_t N, size_t N2,
                        size_t gap)
{
    const size_t a_pitch = M + gap, b_pitch = N + N2 + gap, c_pitch = N + gap / 2;
    const size_t second = M * c_pitch, third = second + M * N2, size = third + M;
    float *A = reals(rows * a_pitch), *B = reals(rows * b_pitch), *C = reals(size);
    float *before = copy(C, size), *scratch = reals(k->outer_scratch);
    const unroll_outer o = {.rows = rows, .M = M, .A = A, .a_pitch = a_pitch,
                            .right = {{.B = B, .b_pitch = b_pitch, .N = N, .C = C, .c_pitch = c_pitch},
                                      {.B = B + N, .b_pitch = b_pitch, .N = N2, .C = C + second,
                                       .c_pitch = N2}},
                            .sum = C + third, .scratch = scratch};
    k->outer(&o);
    check_right(k, &o, &o.right[0], before, C);
    check_right(k, &o, &o.right[1], before + second, C + second);
    k->column_sum(rows, M, A, a_pitch, before + third);
    expect(memcmp(before + third, C + third, M * sizeof *C) == 0,
           "%s: outer rows %zu, M %zu: other sums than column_sum()", k->name, rows, M);

    /* the same bits however M is shared out */
    float *whole = copy(C, size);
    static const size_t parts[] = {2, 3, 5};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(C, before, third * sizeof *C);
        for (size_t p = 0; p < parts[i]; p++)
            outer_columns(k, &o, M * p / parts[i], M * (p + 1) / parts[i]);
        expect(memcmp(whole, C, third * sizeof *C) == 0,
                      "%s: outer rows %zu, M %zu, N %zu: other bits in %zu parts", k->name, rows, M,
                      N, parts[i]);
    }
    unroll_free(A);
    unroll_free(B);
    unroll_free(C);
    unroll_free(before);
    unroll_free(scratch);
    unroll_free(whole);
}

START_TEST(outer)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    static const size_t rows[] = {0, 1, 3, 256, 523}, sizes[] = {1, 6, 13, 38};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++)
                check_outer(k, rows[r], sizes[i], sizes[j], r % 2 ? sizes[i] : 0, (r + i + j) % 4);
    check_outer(k, 300, 301, 67, 21, 1); /* more than one block of each */
    check_outer(k, 260, 20, 1030, 0, 3);
    check_outer(k, 260, 20, 530, 520, 3); /* too wide for one pass over A */
}
END_TEST

START_TEST(pack)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    for (size_t N = 1; N <= 70; N += 3)
        for (size_t K = 1; K <= 40; K += 13) {
            const size_t n = up(N, k->width), depth = K + 2, pitch = 3 + (N > K ? N : K);
            float *W = reals((N > K ? N : K) * pitch), *plain = reals(n * depth);
            float *transposed = reals(n * depth), *before = copy(plain, n * depth);
            memcpy(transposed, before, n * depth * sizeof *before);
            k->pack(K, N, W, pitch, plain, depth);
            k->pack_transposed(N, K, W, pitch, transposed, depth);
            for (size_t i = 0; i < n * depth; i++) {
                const size_t column = i / (k->width * depth) * k->width + i % k->width;
                const size_t r = i / k->width % depth;
                float a = 0, b = 0;
                if (r >= K)
                    a = b = before[i];
                else if (column < N)
                    a = W[r * pitch + column], b = W[column * pitch + r];
                expect(plain[i] == a, "%s: pack N %zu K %zu at %zu", k->name, N, K, i);
                expect(transposed[i] == b, "%s: pack_transposed N %zu K %zu at %zu", k->name,
                              N, K, i);
            }
            unroll_free(W);
            unroll_free(plain);
            unroll_free(transposed);
            unroll_free(before);
        }
}
END_TEST

/* --- sums --- */

START_TEST(sums)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    const unroll_kernels *generic = row(rows_in_table() - 1);
    static const size_t Ns[] = {1, 3, 8, 17, 40, 131}, rows[] = {0, 1, 7, 8, 9, 300};
    for (size_t i = 0; i < sizeof Ns / sizeof *Ns; i++)
        for (size_t j = 0; j < sizeof rows / sizeof *rows; j++) {
            const size_t N = Ns[i], R = rows[j], pitch = N + j % 2;
            float *A = reals(R * pitch), *out = reals(N), *before = copy(out, N), *y = reals(N);
            k->column_sum(R, N, A, pitch, out);
            for (size_t n = 0; n < N; n++) {
                double sum = before[n], magnitude = fabs(sum);
                for (size_t r = 0; r < R; r++)
                    sum += A[r * pitch + n], magnitude += fabs((double)A[r * pitch + n]);
                expect(fabs(out[n] - sum) <= bound(R, magnitude), "%s: column sum %zu of %zu rows: %g, not %g",
                              k->name, n, R, (double)out[n], sum);
            }
            float *whole = copy(out, N);
            memcpy(out, before, N * sizeof *out);
            k->column_sum(R, N / 3, A, pitch, out);
            k->column_sum(R, N - N / 3, A + N / 3, pitch, out + N / 3);
            expect(memcmp(whole, out, N * sizeof *out) == 0, "%s: column sums in two parts", k->name);

            double squares = 0;
            for (size_t q = 0; q < R * pitch; q++)
                squares += (double)A[q] * A[q];
            const double got = k->sum_squares(R * pitch, A);
            expect(fabs(got - squares) <= 1e-13 * squares, "%s: sum of %zu squares: %.17g, not %.17g", k->name,
                          R * pitch, got, squares);
            expect(got == generic->sum_squares(R * pitch, A), "%s: squares differ from generic's", k->name);

            k->add(N, before, whole, y);
            for (size_t n = 0; n < N; n++)
                ck_assert(y[n] == before[n] + whole[n]);
            k->add(N, y, before, y);
            for (size_t n = 0; n < N; n++)
                ck_assert(y[n] == (before[n] + whole[n]) + before[n]);
            unroll_free(A);
            unroll_free(out);
            unroll_free(before);
            unroll_free(y);
            unroll_free(whole);
        }
}
END_TEST

/* --- softmax --- */

static void check_softmax(const unroll_kernels *k, size_t V, const float *logits, uint32_t target,
                          float scale)
{
    const size_t pitch = up(V, k->width) + (V % 3 ? 0 : k->width);
    float *row_ = reals(pitch); /* what lies past V must not matter */
    memcpy(row_, logits, V * sizeof *logits);
    if (pitch > V)
        row_[V] = 1e30f;
    size_t top = 0;
    for (size_t i = 1; i < V; i++)
        if (logits[i] > logits[top])
            top = i;
    double sum = 0;
    for (size_t i = 0; i < V; i++)
        sum += exp((double)logits[i] - logits[top]);
    const double loss = log(sum) + ((double)logits[top] - (double)logits[target]);

    uint32_t best = UINT32_MAX;
    const double got = k->softmax(V, pitch, row_, target, scale, &best);
    expect(best == top, "%s: V %zu: best is %u, not %zu", k->name, V, best, top);
    /* sums of V/lanes floats, each exp within 1.4 ulp */
    expect(fabs(got - loss) <= 1e-7 * (6 + (double)V / (double)k->lanes / 2) + 1e-15 * fabs(loss),
                  "%s: V %zu: loss %.9g, not %.9g", k->name, V, got, loss);
    for (size_t i = 0; i < pitch; i++) {
        const double p = i < V ? exp((double)logits[i] - logits[top]) / sum : 0;
        const double want = scale * (p - (i == target ? 1 : 0));
        /* the difference to the largest is rounded before exp takes it */
        const double apart = i < V ? (double)logits[top] - (double)logits[i] : 0;
        const double slack = (double)scale *
            ((i == target ? 1.2e-7 : 1.3e-38) +
             p * 1e-7 * (5 + (double)V / (double)k->lanes / 2 + apart));
        expect(i < V && scale != 0 ? fabs(row_[i] - want) <= slack : row_[i] == 0,
                      "%s: V %zu scale %g: [%zu] is %g, not %g", k->name, V, (double)scale, i,
                      (double)row_[i], want);
    }
    unroll_free(row_);
}

START_TEST(softmax)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    static const size_t Vs[] = {1, 2, 7, 16, 65, 100, 1000};
    static const float spreads[] = {0.1f, 3, 30, 300, 1e30f};
    for (size_t v = 0; v < sizeof Vs / sizeof *Vs; v++)
        for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
            const size_t V = Vs[v];
            float *x = reals(V);
            for (size_t i = 0; i < V; i++)
                x[i] *= spreads[s];
            const uint32_t target = (uint32_t)unroll_rng_below(&rng, V);
            check_softmax(k, V, x, target, 1);
            check_softmax(k, V, x, (uint32_t)(V - 1), 0.0004f);
            check_softmax(k, V, x, 0, 0);
            x[V / 2] = x[V - 1] = x[V / 3] = 2 * spreads[s]; /* a tie: the lowest wins */
            check_softmax(k, V, x, target, 1);
            for (size_t i = 0; i < V; i++)
                x[i] = -3e38f; /* all alike */
            check_softmax(k, V, x, target, 1);
            unroll_free(x);
        }
    /* what is not finite must show in the loss, and scale 0 must hide it from the gradient */
    for (int i = 0; i < 3; i++) {
        float *x = reals(64);
        x[5] = i == 0 ? NAN : i == 1 ? INFINITY : 0;
        for (size_t j = 0; i == 2 && j < 64; j++)
            x[j] = -INFINITY;
        uint32_t best = UINT32_MAX;
        ck_assert(!isfinite(k->softmax(50, 64, x, 5, 0, &best)));
        ck_assert_uint_lt(best, 50);
        for (size_t j = 0; j < 64; j++)
            ck_assert(x[j] == 0);
        unroll_free(x);
    }
}
END_TEST

/* --- nonlinearities --- */

static double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

static double ulp(double of)
{
    int e;
    frexp(of, &e);
    return fabs(of) < FLT_MIN ? 0x1p-149 : ldexp(1, e - 24);
}

enum { CHUNK = 1003 }; /* odd, so that a value meets every lane and the tail */

/* Every 8,191st float, signs, infinities and NaN included; the bounds are those that vec.h states, found over
 * all floats. */
START_TEST(nonlinearities)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    double worst[3] = {0};
    for (uint64_t begin = 0; begin < (uint64_t)1 << 32; begin += (uint64_t)CHUNK * 8191) {
        float x[CHUNK], e[CHUNK], t[CHUNK], s[CHUNK];
        for (uint64_t i = 0; i < CHUNK; i++) {
            const uint32_t bits = (uint32_t)(begin + i * 8191);
            memcpy(x + i, &bits, sizeof bits);
        }
        k->exp(CHUNK, x, e);
        k->tanh(CHUNK, x, t);
        k->sigmoid(CHUNK, x, s);
        for (size_t i = 0; i < CHUNK; i++) {
            const double v = x[i];
            if (isnan(v)) {
                expect(isnan(e[i]) && isnan(t[i]) && isnan(s[i]), "%s: NaN is lost", k->name);
                continue;
            }
            const double want[3] = {exp(v), tanh(v), logistic(v)};
            const double got[3] = {e[i], t[i], s[i]};
            for (size_t f = 0; f < 3; f++) {
                const double error = fabs(got[f] - want[f]) / ulp(want[f]);
                if (f == 0 && v < -86.98)
                    expect(got[0] == 0 || v > -87, "%s: exp(%g) is %g", k->name, v, got[0]);
                else if (f == 0 && v > 88.7228)
                    expect(isinf(got[0]) && got[0] > 0, "%s: exp(%g) is %g", k->name, v, got[0]);
                else if (f == 2 && v < -87.33)
                    expect(got[2] >= 0 && got[2] < 1.2e-38, "%s: sigmoid(%g) is %g", k->name, v, got[2]);
                else if (error > worst[f])
                    worst[f] = error;
            }
            expect(fabs(got[1]) <= 1 && !signbit(v) == !signbit(t[i]), "%s: tanh(%g) is %g",
                          k->name, v, got[1]);
            expect(got[2] >= 0 && got[2] <= 1, "%s: sigmoid(%g) is %g", k->name, v, got[2]);
        }
    }
    expect(worst[0] <= 1.4, "%s: exp is off by %g ulp", k->name, worst[0]);
    expect(worst[1] <= 2.7, "%s: tanh is off by %g ulp", k->name, worst[1]);
    expect(worst[2] <= 2.5, "%s: sigmoid is off by %g ulp", k->name, worst[2]);
}
END_TEST

typedef void map_fn(size_t n, const float *x, float *y);

/* Any length, in place or not, gives a value the same bits; nothing is written past the end. */
static void check_map(const char *name, map_fn *f)
{
    enum { N = 75 };
    float *x = reals(N), *all = reals(N);
    for (size_t i = 0; i < N; i++)
        x[i] *= 9;
    f(N, x, all);
    for (size_t n = 0; n <= N; n++) {
        float *in = copy(x, n), *out = reals(n + 1);
        out[n] = 42;
        f(n, in, out);
        f(n, in, in);
        expect(memcmp(out, all, n * sizeof *all) == 0, "%s: n %zu gives other bits", name, n);
        expect(memcmp(in, all, n * sizeof *all) == 0, "%s: n %zu in place gives other bits", name, n);
        expect(out[n] == 42, "%s: n %zu writes past the end", name, n);
        unroll_free(in);
        unroll_free(out);
    }
    unroll_free(x);
    unroll_free(all);
}

START_TEST(tails)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    check_map("exp", k->exp);
    check_map("tanh", k->tanh);
    check_map("sigmoid", k->sigmoid);
}
END_TEST

START_TEST(corners)
{
    const unroll_kernels *k = row(_i);
    if (!k)
        return;
    const float x[] = {0, -0.0f, 1e-45f, -1e-45f, 1e-39f, -1e-39f, 1e-30f, 100, -100, INFINITY, -INFINITY};
    enum { N = sizeof x / sizeof *x };
    float t[N], s[N], e[N];
    k->tanh(N, x, t);
    k->sigmoid(N, x, s);
    k->exp(N, x, e);
    expect(memcmp(t, x, 7 * sizeof *x) == 0, "%s: tanh(x) = x where x is tiny, sign of zero included", k->name);
    ck_assert(t[7] == 1 && t[8] == -1 && t[9] == 1 && t[10] == -1);
    for (size_t i = 0; i < 7; i++)
        ck_assert(s[i] == 0.5f && e[i] == 1);
    ck_assert(s[7] == 1 && s[9] == 1 && s[8] < 1.2e-38f && s[10] == s[8]);
    ck_assert(isinf(e[7]) && e[8] == 0 && isinf(e[9]) && e[10] == 0);
}
END_TEST

/* --- choice --- */

/* Chosen once a process, so each question is a process of its own. @return its exit code */
static int ask(const char *value, const char *want)
{
    fflush(NULL);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (value)
            setenv("UNROLL_KERNELS", value, 1);
        else
            unsetenv("UNROLL_KERNELS");
        const unroll_kernels *k = unroll_kernels_get();
        if (!want)
            _exit(k || !strstr(unroll_message(), "UNROLL_KERNELS") || !strstr(unroll_message(), value) ||
                  !strstr(unroll_message(), "generic"));
        _exit(!k || strcmp(k->name, want) != 0 || unroll_kernels_get() != k);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(choice)
{
    const int n = rows_in_table();
    ck_assert_str_eq(unroll_kernels_table[n - 1]->name, "generic");
    ck_assert(unroll_kernels_table[n - 1]->supported());
    const char *best = NULL;
    for (int i = n - 1; i >= 0; i--) {
        const unroll_kernels *k = unroll_kernels_table[i];
        ck_assert(k->width % k->lanes == 0);
        if (k->supported())
            best = k->name;
        ck_assert_int_eq(ask(k->name, k->supported() ? k->name : NULL), 0);
    }
    ck_assert_int_eq(ask(NULL, best), 0);
    ck_assert_int_eq(ask("", best), 0);
    ck_assert_int_eq(ask("mmx", NULL), 0);
    ck_assert_int_eq(ask("generic ", NULL), 0);
}
END_TEST

/* --- additive attention --- */

/* Against doubles; tanh is good to 3 ulp, and gradients are added to what is there. */
START_TEST(additive)
{
    const unroll_kernels *k = row(_i);
    static const size_t sizes[] = {1, 2, 5};
    for (size_t i = 0; k && i < 9; i++) {
        const size_t T = sizes[i % 3], S = sizes[i / 3], K = k->width * (1 + i % 2);
        const size_t q_pitch = 2 * K, k_pitch = 3 * K, a_pitch = k->width;
        float *q = reals(T * q_pitch), *key = reals(S * k_pitch), *v = reals(K);
        float *a = reals(T * a_pitch), *da = copy(a, T * a_pitch);
        float *dq = reals(T * q_pitch), *dk = reals(S * k_pitch), *dv = reals(K);
        float *dq0 = copy(dq, T * q_pitch), *dk0 = copy(dk, S * k_pitch), *dv0 = copy(dv, K);
        const unroll_additive p = {.T = T, .S = S, .K = K, .q = q, .k = key, .v = v,
                                   .q_pitch = q_pitch, .k_pitch = k_pitch, .a = a,
                                   .a_pitch = a_pitch, .dq = dq, .dk = dk, .dv = dv};
        k->additive(&p);
        for (size_t t = 0; t < T; t++)
            for (size_t s = 0; s < S; s++) {
                double want = 0;
                for (size_t j = 0; j < K; j++)
                    want += v[j] * tanh((double)q[t * q_pitch + j] + (double)key[s * k_pitch + j]);
                expect(fabs(a[t * a_pitch + s] - want) <= bound(4 * K, (double)K),
                       "%s: score %zu, %zu", k->name, t, s);
            }
        memcpy(a, da, T * a_pitch * sizeof *a);
        k->additive_back(&p);
        for (size_t j = 0; j < K; j++) {
            double dv_want = dv0[j];
            for (size_t t = 0; t < T; t++) {
                double want = dq0[t * q_pitch + j];
                for (size_t s = 0; s < S; s++) {
                    const double y =
                        tanh((double)q[t * q_pitch + j] + (double)key[s * k_pitch + j]);
                    want += (double)da[t * a_pitch + s] * v[j] * (1 - y * y);
                    dv_want += da[t * a_pitch + s] * y;
                }
                expect(fabs(dq[t * q_pitch + j] - want) <= bound(8 * S, (double)S),
                       "%s: dq %zu, %zu", k->name, t, j);
            }
            expect(fabs(dv[j] - dv_want) <= bound(8 * S * T, (double)(S * T)), "%s: dv %zu",
                   k->name, j);
            for (size_t s = 0; s < S; s++) {
                double want = dk0[s * k_pitch + j];
                for (size_t t = 0; t < T; t++) {
                    const double y =
                        tanh((double)q[t * q_pitch + j] + (double)key[s * k_pitch + j]);
                    want += (double)da[t * a_pitch + s] * v[j] * (1 - y * y);
                }
                expect(fabs(dk[s * k_pitch + j] - want) <= bound(8 * T, (double)T),
                       "%s: dk %zu, %zu", k->name, s, j);
            }
        }
        float *all[] = {q, key, v, a, da, dq, dk, dv, dq0, dk0, dv0};
        for (size_t n = 0; n < sizeof all / sizeof *all; n++)
            unroll_free(all[n]);
    }
}
END_TEST

Suite *make_suite(void)
{
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    Suite *s = suite_create("kernels");
    TCase *t = new_case(s, "rows");
    const int n = rows_in_table();
    tcase_add_loop_test(t, product, 0, n);
    tcase_add_loop_test(t, product_of_nothing, 0, n);
    tcase_add_loop_test(t, outer, 0, n);
    tcase_add_loop_test(t, pack, 0, n);
    tcase_add_loop_test(t, sums, 0, n);
    tcase_add_loop_test(t, softmax, 0, n);
    tcase_add_loop_test(t, nonlinearities, 0, n);
    tcase_add_loop_test(t, tails, 0, n);
    tcase_add_loop_test(t, corners, 0, n);
    tcase_add_loop_test(t, additive, 0, n);
    tcase_add_test(t, choice);
    return s;
}
