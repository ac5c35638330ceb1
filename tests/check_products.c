/* The products of every kernel row that this machine can run, against doubles and against themselves cut in
 * other ways. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "kernel_rows.h"
#include "math/kernels.h"
#include "runner.h"

/* --- product --- */

typedef struct matrices {
    unroll_product p;
    float *A, *P, *W, *C, *bias; /* W [N][K] as given to pack_transposed */
    size_t size;                 /* of C */
} matrices;

static matrices make_product(const unroll_kernels *k, size_t groups, size_t rows, size_t N,
                             size_t K, size_t gap, enum unroll_start start)
{
    matrices m = {0};
    const size_t n = round_up(N, k->width), depth = K + gap % 3;
    const size_t a_pitch = K + gap, c_pitch = n + gap;
    const size_t a_group = rows * a_pitch + gap / 2, c_group = rows * c_pitch + (gap == 1);
    m.size = groups * c_group;
    m.A = reals(groups * a_group);
    m.W = reals(N * K);
    m.P = reals(n * depth);
    m.C = reals(m.size);
    m.bias = reals(n);
    k->pack_transposed(N, K, m.W, K, m.P, depth);
    m.p = (unroll_product){.groups = groups,
                           .rows = rows,
                           .N = n,
                           .K = K,
                           .A = m.A,
                           .a_group = a_group,
                           .a_pitch = a_pitch,
                           .panels = m.P,
                           .depth = depth,
                           .C = m.C,
                           .c_group = c_group,
                           .c_pitch = c_pitch,
                           .start = start,
                           .bias = m.bias};
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
        const size_t g = i / p->c_group, r = i % p->c_group / p->c_pitch,
                     n = i % p->c_group % p->c_pitch;
        if (r >= rows || n >= p->N) {
            expect(m.C[i] == before[i], "%s: a gap was written", k->name);
            continue;
        }
        double sum = start == UNROLL_FROM_SELF   ? before[i]
                     : start == UNROLL_FROM_BIAS ? m.bias[n]
                                                 : 0;
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
           "%s: %zu groups, %zu rows, N %zu, K %zu: other bits row by row", k->name, groups, rows,
           N, K);

    unroll_free(whole);
    unroll_free(before);
    free_product(&m);
}

START_TEST(product)
{
    const unroll_kernels *k = kernel_row(_i);
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
    const unroll_kernels *k = kernel_row(_i);
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
    const unroll_outer o = {
        .rows = rows,
        .M = M,
        .A = A,
        .a_pitch = a_pitch,
        .right = {{.B = B, .b_pitch = b_pitch, .N = N, .C = C, .c_pitch = c_pitch},
                  {.B = B + N, .b_pitch = b_pitch, .N = N2, .C = C + second, .c_pitch = N2}},
        .sum = C + third,
        .scratch = scratch};
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
               "%s: outer rows %zu, M %zu, N %zu: other bits in %zu parts", k->name, rows, M, N,
               parts[i]);
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
    const unroll_kernels *k = kernel_row(_i);
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
    const unroll_kernels *k = kernel_row(_i);
    if (!k)
        return;
    for (size_t N = 1; N <= 70; N += 3)
        for (size_t K = 1; K <= 40; K += 13) {
            const size_t n = round_up(N, k->width), depth = K + 2, pitch = 3 + (N > K ? N : K);
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
                expect(transposed[i] == b, "%s: pack_transposed N %zu K %zu at %zu", k->name, N, K,
                       i);
            }
            unroll_free(W);
            unroll_free(plain);
            unroll_free(transposed);
            unroll_free(before);
        }
}
END_TEST

Suite *make_suite(void)
{
    unroll_rng_seed(&rng, 1, UNROLL_STREAM_DATA);
    Suite *s = suite_create("products");
    TCase *t = new_case(s, "rows");
    const int n = kernel_rows();
    tcase_add_loop_test(t, product, 0, n);
    tcase_add_loop_test(t, product_of_nothing, 0, n);
    tcase_add_loop_test(t, outer, 0, n);
    tcase_add_loop_test(t, pack, 0, n);
    return s;
}
