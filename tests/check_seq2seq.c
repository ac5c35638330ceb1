/* The encoder–decoder's gradients against finite differences in doubles, element by element; its decoding
 * against the training forward pass; and threads. Built with -DUNROLL_DOUBLE against the double library. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unroll/net.h>

#include "align.h"
#include "base/rng.h"
#include "cell/cell.h"
#include "gradient_check.h"
#include "net/net.h"
#include "parameter.h"
#include "runner.h"
#include "work_options.h"

enum { SOURCE = 4, TARGET = 3, LINES = 3, WORDS = 5, SYMBOLS = 4 };

typedef struct pairs {
    char name[256];
    unroll_net *net;
    unroll_work *work;
    unroll_batch batch;
    uint32_t source[SOURCE * LINES], input[TARGET * LINES], target[TARGET * LINES];
    uint8_t source_mode[SOURCE * LINES], mode[TARGET * LINES];
    double weight[TARGET * LINES];
    double *grad;
    unroll_result result;
} pairs;

static unroll_rng rng;

/* Rows of lengths 4, 2, 3 in the source and 2, 3, 1 in the target. */
static void draw_batch(pairs *p, bool padded)
{
    static const size_t source[LINES] = {4, 2, 3}, target[LINES] = {2, 3, 1};
    for (size_t i = 0; i < SOURCE * LINES; i++) {
        p->source[i] = (uint32_t)unroll_rng_below(&rng, WORDS);
        p->source_mode[i] = i / LINES < source[i % LINES] ? UNROLL_RUN : UNROLL_HOLD;
    }
    for (size_t i = 0; i < TARGET * LINES; i++) {
        const bool runs = i / LINES < target[i % LINES];
        p->input[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->target[i] = (uint32_t)unroll_rng_below(&rng, SYMBOLS);
        p->mode[i] = runs ? UNROLL_RUN : UNROLL_HOLD;
        p->weight[i] = runs ? 1 : 0;
    }
    p->batch = (unroll_batch){
        /* clang-format off */
        .T = TARGET, .B = LINES, .S = SOURCE, .source = p->source, .input = p->input,
        .target = p->target, .source_mode = padded ? p->source_mode : NULL,
        .mode = padded ? p->mode : NULL, .weight = padded ? p->weight : NULL,
        /* clang-format on */
    };
}

static void open_pairs(pairs *p, unroll_net_spec spec, bool padded, uint64_t seed, size_t threads)
{
    memset(p, 0, sizeof *p);
    spec.size = sizeof spec;
    spec.source = WORDS;
    spec.inputs = spec.outputs = SYMBOLS;
    spec.hidden = spec.hidden ? spec.hidden : 3;
    const unroll_init init = {
        .size = sizeof init, .kind = "uniform", .scale = 1.5, .forget_bias = 1, .seed = seed};
    snprintf(p->name, sizeof p->name, "%s %s, %zu layers, embedding %zu, attention %s%s%s%s%s%s%s",
             spec.cell, spec.gru ? spec.gru : "", spec.layers, spec.embedding,
             spec.attention ? spec.attention : "none", spec.bidirectional ? ", bidirectional" : "",
             spec.dropout > 0 ? ", dropout" : "", spec.residual ? ", residual" : "",
             spec.label_smoothing > 0 ? ", smoothing" : "",
             spec.scheduled_sampling > 0 ? ", sampling" : "", padded ? ", padded" : "");
    ck_assert_msg(unroll_net_new(&spec, &p->net) == UNROLL_OK, "%s: %s", p->name, unroll_message());
    ck_assert_msg(unroll_net_init(p->net, &init) == UNROLL_OK, "%s: %s", p->name, unroll_message());
    unroll_rng_seed(&rng, seed, 99);
    draw_batch(p, padded);
    const unroll_status made = unroll_work_new(p->net,
                                               WORK(.T = TARGET, .B = LINES, .S = SOURCE,
                                                    .threads = threads, .training = true),
                                               &p->work);
    ck_assert_msg(made == UNROLL_OK, "%s: %s", p->name, unroll_message());
    unroll_work_set_dropout_key(p->work, 4711);
    p->grad = calloc(unroll_net_size(p->net), sizeof *p->grad);
    ck_assert_ptr_nonnull(p->grad);
}

static void close_pairs(pairs *p)
{
    free(p->grad);
    unroll_work_free(p->work);
    unroll_net_free(p->net);
}

static void gradient_into(pairs *p, double *grad)
{
    unroll_net_pack(p->net, 1);
    ck_assert_msg(unroll_net_gradient(p->net, &p->batch, p->work, grad, &p->result) == UNROLL_OK,
                  "%s: %s", p->name, unroll_message());
    ck_assert(p->result.finite);
}

/* The loss that is trained on: dropout, smoothing and sampling are part of it. */
static double training_loss(void *arg)
{
    pairs *p = arg;
    double *spare = calloc(unroll_net_size(p->net), sizeof *spare);
    ck_assert_ptr_nonnull(spare);
    gradient_into(p, spare);
    free(spare);
    return p->result.loss / p->result.weight;
}

static size_t check_all(pairs *p)
{
    const unroll_parameter *list;
    const size_t n = unroll_net_parameters(p->net, &list);
    size_t checked = 0;
    gradient_into(p, p->grad);
    for (size_t i = 0; i < n; i++) {
        gradient_report r = {0};
        if (list[i].frozen)
            continue;
        const size_t at =
            list[i].offset + p->net->parameters.use[i].first; /* of a bias a part may learn */
        gradient_check(training_loss, p, p->net->parameters.use[i].trained,
                       unroll_net_weights(p->net) + at, p->grad + at, &r);
        ck_assert_msg(r.wrong == 0 && r.kinks == 0,
                      "%s: %zu of %zu wrong, worst %s[%zu]: %.12g, by differences %.12g, error %.2g",
                      p->name, r.wrong, r.checked, list[i].name, r.index, r.analytic, r.numeric,
                      r.worst);
        checked += r.checked;
    }
    unroll_net_pack(p->net, 1);
    return checked;
}

static int count_bodies(void)
{
    int count = 0;
    while (unroll_kernels_get()->cells[count])
        count++;
    return count;
}

/* The i-th cell of the table, without a normalisation that it does not take. */
static unroll_net_spec of_body(int i, unroll_net_spec spec)
{
    const unroll_cell *cell = unroll_kernels_get()->cells[i];
    spec.cell = cell->name;
    spec.gru = spec.lstm = cell->variant;
    spec.norm = cell->norm_gates ? spec.norm : NULL;
    return spec;
}

START_TEST(gradients)
{
    const unroll_net_spec specs[] = {
        {.layers = 1},
        {.layers = 2, .embedding = 2},
        {.layers = 2, .embedding = 3, .tie = true},
        {.layers = 2, .embedding = 2, .dropout = 0.4},
        {.layers = 3, .residual = true, .dropout = 0.3},
        {.layers = 2, .norm = "layer"},
        {.layers = 2, .norm = "layer", .bidirectional = true, .attention = "general"},
        {.layers = 1, .attention = "dot"},
        {.layers = 2, .attention = "general", .embedding = 2},
        {.layers = 2, .attention = "additive", .dropout = 0.3},
        {.layers = 1, .label_smoothing = 0.2},
        {.layers = 2, .bidirectional = true},
        {.layers = 2, .bidirectional = true, .embedding = 2, .attention = "general"},
        {.layers = 2, .bidirectional = true, .attention = "additive", .dropout = 0.3, .residual = true},
        {.layers = 1, .scheduled_sampling = 0.7, .embedding = 2, .attention = "dot"},
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        for (int padded = i % 4 ? 1 : 0; padded < 2; padded++) {
            pairs p;
            open_pairs(&p, of_body(_i, specs[i]), padded, 10 + i, 1);
            ck_assert_uint_gt(check_all(&p), 50);
            close_pairs(&p);
        }
}
END_TEST

/* clang-format off */
/* Specs with each way to attend and to read. */
static const unroll_net_spec shapes[] = {
    {.layers = 2},
    {.layers = 2, .embedding = 2, .attention = "dot"},
    {.layers = 1, .embedding = 2, .attention = "general", .bidirectional = true},
    {.layers = 2, .attention = "additive", .residual = true},
    {.layers = 2, .embedding = 5, .attention = "additive", .bidirectional = true, .tie = true,
     .hidden = 5},
};
/* clang-format on */
enum { SHAPES = sizeof shapes / sizeof *shapes };

static double loss_of(const unroll_real *logits, uint32_t target)
{
    double sum = 0;
    for (size_t j = 0; j < SYMBOLS; j++)
        sum += exp(logits[j]);
    return log(sum) - logits[target];
}

static size_t source_length(const pairs *p, size_t row)
{
    size_t length = 0;
    while (length < SOURCE && p->source_mode[length * LINES + row] == UNROLL_RUN)
        length++;
    return length;
}

/* Feeding a row's inputs one by one gives what the whole batch gave. */
START_TEST(decoding)
{
    for (size_t i = 0; i < SHAPES; i++) {
        pairs p;
        unroll_decoding *d;
        double loss[TARGET * LINES];
        open_pairs(&p, of_body(_i, shapes[i]), true, 50 + i, 1);
        ck_assert_int_eq(unroll_net_evaluate(p.net, &p.batch, p.work, &p.result, loss), UNROLL_OK);
        ck_assert_int_eq(unroll_decoding_new(p.net, SOURCE, 3, &d), UNROLL_OK);
        ck_assert_uint_ge(unroll_decoding_pitch(d), SYMBOLS);
        for (size_t row = 0; row < LINES; row++) {
            uint32_t source[SOURCE];
            const size_t length = source_length(&p, row);
            for (size_t s = 0; s < length; s++)
                source[s] = p.source[s * LINES + row];
            ck_assert_int_eq(unroll_decoding_begin(d, source, length), UNROLL_OK);
            for (size_t t = 0; t < TARGET && p.mode[t * LINES + row] == UNROLL_RUN; t++) {
                /* row 1 is the true one; it goes on from itself by way of the others' places */
                const uint32_t id[3] = {1, p.input[t * LINES + row], 2}, from[3] = {2, 1, 0};
                const unroll_real *y = unroll_decoding_step(d, id, t % 2 ? from : NULL, 3);
                ck_assert_double_eq_tol(loss_of(y + unroll_decoding_pitch(d),
                                                p.target[t * LINES + row]),
                                        loss[t * LINES + row], 1e-13);
                const unroll_real *a = unroll_decoding_attention(d);
                ck_assert((a != NULL) == (shapes[i].attention != NULL));
                double sum = 0;
                for (size_t s = 0; a && s < length; s++)
                    sum += a[SOURCE + s];
                ck_assert_double_eq_tol(sum, a ? 1 : 0, 1e-13);
            }
        }
        ck_assert_int_ne(unroll_decoding_begin(d, p.source, 0), UNROLL_OK);
        ck_assert_int_ne(unroll_decoding_begin(d, p.source, SOURCE + 1), UNROLL_OK);
        p.source[0] = WORDS;
        ck_assert_int_ne(unroll_decoding_begin(d, p.source, 1), UNROLL_OK);
        unroll_decoding_free(d);
        close_pairs(&p);
    }
}
END_TEST

/* A row that goes on from another one's state gives what that one gives. */
START_TEST(continuations)
{
    pairs p;
    unroll_decoding *d;
    open_pairs(&p, of_body(_i, shapes[3]), true, 60, 1);
    ck_assert_int_eq(unroll_decoding_new(p.net, SOURCE, 3, &d), UNROLL_OK);
    ck_assert_int_eq(unroll_decoding_begin(d, (const uint32_t[]){1, 2, 3}, 3), UNROLL_OK);
    unroll_decoding_step(d, (const uint32_t[]){1, 2, 3}, NULL, 3);
    const size_t pitch = unroll_decoding_pitch(d), bytes = SYMBOLS * sizeof(unroll_real);
    const unroll_real *y =
        unroll_decoding_step(d, (const uint32_t[]){0, 0, 0}, (const uint32_t[]){2, 0, 2}, 3);
    ck_assert_int_eq(memcmp(y, y + 2 * pitch, bytes), 0);
    ck_assert_int_ne(memcmp(y, y + pitch, bytes), 0);
    unroll_decoding_free(d);
    close_pairs(&p);
}
END_TEST

START_TEST(threads)
{
    for (size_t i = 0; i < SHAPES; i++) {
        pairs one, two;
        unroll_net_spec spec = of_body(_i, shapes[i]);
        spec.dropout = 0.2;
        spec.scheduled_sampling = 0.5;
        spec.label_smoothing = 0.1;
        open_pairs(&one, spec, true, 70 + i, 1);
        open_pairs(&two, spec, true, 70 + i, 2);
        gradient_into(&one, one.grad);
        gradient_into(&two, two.grad);
        const size_t bytes = unroll_net_size(one.net) * sizeof *one.grad;
        ck_assert_msg(memcmp(one.grad, two.grad, bytes) == 0, "%s: threads change it", one.name);
        ck_assert(one.result.loss == two.result.loss);
        close_pairs(&two);
        close_pairs(&one);
    }
}
END_TEST

enum { READ = 4 };
static const uint32_t read_ids[READ] = {3, 0, 4, 1}, fed[TARGET] = {1, 0, 3},
                      said[TARGET] = {0, 3, 2};

/* Each target's own loss, with the present weights. */
static void own_losses(unroll_net *net, double loss[TARGET])
{
    unroll_work *work;
    unroll_result result;
    const unroll_batch batch = {
        .S = READ, .T = TARGET, .B = 1, .source = read_ids, .input = fed, .target = said};
    unroll_net_pack(net, 1);
    ck_assert_int_eq(unroll_work_new(net, WORK(.T = TARGET, .B = 1, .S = READ, .threads = 1), &work),
                     UNROLL_OK);
    ck_assert_int_eq(unroll_net_evaluate(net, &batch, work, &result, loss), UNROLL_OK);
    unroll_work_free(work);
}

/* No token comes twice, so that a row of the embedding is the input of one step. */
START_TEST(alignment)
{
    for (size_t i = 0; i < SHAPES; i++) {
        pairs p;
        const unroll_parameter *list;
        unroll_net_spec spec = of_body(_i, shapes[i]);
        spec.embedding = spec.embedding ? spec.embedding : 2;
        spec.dropout = 0.4; /* takes no part, nor does … */
        spec.scheduled_sampling = 0.5;
        spec.label_smoothing = 0.1;
        open_pairs(&p, spec, false, 90 + i, 1);
        double norm[TARGET * READ], attention[TARGET * READ], square[TARGET * READ] = {0};
        ck_assert_int_eq(align(p.net, READ, read_ids, TARGET, fed, said, norm, attention), UNROLL_OK);
        unroll_net_parameters(p.net, &list);
        ck_assert_str_eq(list[0].name, "encoder.embedding.weight");
        for (size_t s = 0; s < READ; s++)
            for (size_t e = 0; e < spec.embedding; e++) {
                double *x = unroll_net_weights(p.net) + read_ids[s] * spec.embedding + e;
                const double kept = *x, h = 1e-5;
                double above[TARGET], below[TARGET];
                *x = kept + h;
                own_losses(p.net, above);
                *x = kept - h;
                own_losses(p.net, below);
                *x = kept;
                for (size_t t = 0; t < TARGET; t++)
                    square[t * READ + s] += pow((above[t] - below[t]) / (2 * h), 2);
            }
        for (size_t k = 0; k < TARGET * READ; k++)
            ck_assert_msg(fabs(norm[k] - sqrt(square[k])) < 1e-8 && norm[k] > 0,
                          "%s: target %zu, source %zu: %.10g, by differences %.10g", p.name,
                          k / READ, k % READ, norm[k], sqrt(square[k]));
        for (size_t t = 0; t < TARGET; t++) {
            double sum = 0;
            for (size_t s = 0; s < READ; s++)
                sum += attention[t * READ + s];
            ck_assert_double_eq_tol(sum, spec.attention ? 1 : 0, 1e-12);
        }
        close_pairs(&p);
    }
}
END_TEST

/* A one-hot input is an embedding by the unit matrix. */
START_TEST(alignment_of_symbols)
{
    for (int both = 0; both < 2; both++) {
        pairs symbols, embedded;
        unroll_net_spec spec =
            of_body(_i,
                    (unroll_net_spec){.layers = 2, .attention = "general", .bidirectional = both});
        open_pairs(&symbols, spec, false, 5, 1);
        spec.embedding = WORDS;
        open_pairs(&embedded, spec, false, 5, 1);
        const unroll_parameter *from, *to;
        const size_t n = unroll_net_parameters(symbols.net, &from);
        const size_t m = unroll_net_parameters(embedded.net, &to);
        unroll_real *w = unroll_net_weights(embedded.net);
        float plain[256];
        for (size_t i = 0; i < m; i++)
            for (size_t k = 0; k < n; k++)
                if (strcmp(from[k].name, to[i].name) == 0 && from[k].cols == to[i].cols) {
                    unroll_parameter_get(&from[k], unroll_net_weights(symbols.net), plain);
                    unroll_parameter_set(&from[k], unroll_net_weights(symbols.net), plain);
                    unroll_parameter_set(&to[i], w, plain);
                }
        for (size_t i = 0; i < WORDS * WORDS; i++)
            w[i] = i % (WORDS + 1) == 0;
        /* the decoder's sides differ: let it see nothing */
        for (size_t i = 0; i < m; i++)
            if (strcmp(to[i].name, "decoder.rnn.weight_ih_l0") == 0)
                memset(w + to[i].offset, 0, to[i].rows * to[i].cols * sizeof *w);
        for (size_t k = 0; k < n; k++)
            if (strcmp(from[k].name, "decoder.rnn.weight_ih_l0") == 0)
                memset(unroll_net_weights(symbols.net) + from[k].offset, 0,
                       from[k].rows * from[k].cols * sizeof *w);
        unroll_net_pack(symbols.net, 1);
        unroll_net_pack(embedded.net, 1);
        double a[TARGET * READ], b[TARGET * READ];
        ck_assert_int_eq(align(symbols.net, READ, read_ids, TARGET, fed, said, a, NULL), UNROLL_OK);
        ck_assert_int_eq(align(embedded.net, READ, read_ids, TARGET, fed, said, b, NULL), UNROLL_OK);
        for (size_t k = 0; k < TARGET * READ; k++)
            ck_assert_double_eq_tol(a[k], b[k], 1e-12);
        close_pairs(&embedded);
        close_pairs(&symbols);
    }
}
END_TEST

/* What padding holds is read nowhere. */
START_TEST(padding)
{
    for (size_t i = 0; i < SHAPES; i++) {
        pairs p;
        open_pairs(&p, of_body(_i, shapes[i]), true, 80 + i, 1);
        gradient_into(&p, p.grad);
        const double loss = p.result.loss;
        double *again = calloc(unroll_net_size(p.net), sizeof *again);
        ck_assert_ptr_nonnull(again);
        for (size_t k = 0; k < SOURCE * LINES; k++)
            if (p.source_mode[k] == UNROLL_HOLD)
                p.source[k] = (p.source[k] + 1) % WORDS;
        for (size_t k = 0; k < TARGET * LINES; k++)
            if (p.mode[k] == UNROLL_HOLD)
                p.input[k] = p.target[k] = (p.input[k] + 1) % SYMBOLS;
        gradient_into(&p, again);
        ck_assert(p.result.loss == loss);
        ck_assert_int_eq(memcmp(again, p.grad, unroll_net_size(p.net) * sizeof *again), 0);
        free(again);
        close_pairs(&p);
    }
}
END_TEST

/* Without a step back to the encoder every test above would have to fail. */
START_TEST(wrong_gradient)
{
    static const char *const names[] = {"encoder.rnn.weight_hh_l0", "attention.key.weight",
                                        "attention.score.weight", "attention.combine.weight"};
    pairs p;
    open_pairs(&p, (unroll_net_spec){.cell = "lstm", .layers = 1, .attention = "additive"}, true, 9,
               1);
    gradient_into(&p, p.grad);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        gradient_report r = {0};
        const size_t at = parameter_of(p.net, names[k])->offset;
        p.grad[at + 1] = -p.grad[at + 1];
        gradient_check(training_loss, &p, 2, unroll_net_weights(p.net) + at, p.grad + at, &r);
        ck_assert_msg(r.wrong == 1 && r.index == 1, "%s: a sign goes unseen", names[k]);
    }
    close_pairs(&p);
}
END_TEST

START_TEST(refused)
{
    static const struct {
        unroll_net_spec spec;
        const char *names;
    } wrong[] = {
        {{.source = 5, .attention = "dot", .bidirectional = true}, "general"},
        {{.source = 5, .attention = "soft"}, "soft"},
        {{.source = 5, .omega = 1}, "--omega"},
        {{.source = 5, .skip_input = true}, "--skip-input"},
        {{.source = 5, .norm = "batch"}, "--norm"},
        {{.source = 5, .norm = "recurrent-batch"}, "--norm"},
        {{.source = 5, .label_smoothing = 1}, "--label-smoothing"},
        {{.source = 5, .scheduled_sampling = NAN}, "--scheduled-sampling"},
        {{.attention = "dot"}, "--attention"},
        {{.bidirectional = true}, "--bidirectional"},
        {{.scheduled_sampling = 0.5}, "--scheduled-sampling"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        unroll_net *net = NULL;
        unroll_net_spec spec = wrong[i].spec;
        spec.size = sizeof spec;
        spec.inputs = spec.outputs = SYMBOLS;
        spec.cell = "rnn";
        spec.layers = 1;
        spec.hidden = 3;
        ck_assert_int_eq(unroll_net_new(&spec, &net), UNROLL_EUSAGE);
        ck_assert_msg(strstr(program_message(), wrong[i].names) != NULL, "%s", program_message());
    }
}
END_TEST

Suite *make_suite(void)
{
    Suite *suite = suite_create("seq2seq");
    TCase *tests = new_case(suite, "all");
    tcase_add_loop_test(tests, gradients, 0, count_bodies());
    tcase_add_loop_test(tests, decoding, 0, count_bodies());
    tcase_add_loop_test(tests, continuations, 0, count_bodies());
    tcase_add_loop_test(tests, threads, 0, count_bodies());
    tcase_add_loop_test(tests, alignment, 0, count_bodies());
    tcase_add_loop_test(tests, alignment_of_symbols, 0, count_bodies());
    tcase_add_loop_test(tests, padding, 0, count_bodies());
    tcase_add_test(tests, wrong_gradient);
    tcase_add_test(tests, refused);
    return suite;
}
