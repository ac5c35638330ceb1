/* A training loop of one's own, and what the gradient does meanwhile: an LSTM reads a symbol, then waits, and has to
 * say it again at the end.
 *   cc own_loop.c $(pkg-config --cflags --libs unroll) -o own_loop && ./own_loop */
#include <stdio.h>
#include <stdlib.h>
#include <unroll.h>

enum { SYMBOLS = 5, T = 12, B = 16, UPDATES = 900 };

static uint32_t input[T * B], target[T * B];
static unroll_real weight[T * B];

static void check(unroll_status status)
{
    if (status == UNROLL_OK)
        return;
    fprintf(stderr, "own_loop: %s\n", unroll_message());
    exit(status);
}

/* Time first: step t of row r is at t·B + r. Only the last step has a target. */
static unroll_batch next_batch(void)
{
    for (size_t r = 0; r < B; r++) {
        input[r] = target[(T - 1) * B + r] = 1 + (uint32_t)rand() % (SYMBOLS - 1);
        weight[(T - 1) * B + r] = 1;
    }
    return (unroll_batch){.T = T, .B = B, .input = input, .target = target, .weight = weight};
}

static void print_curve(const unroll_gradient_monitor *monitor, double loss)
{
    const unroll_curve *curve = unroll_gradient_monitor_curve(monitor);
    double gradient[T];
    check(unroll_curve_gmean(curve, 0, UNROLL_STATE_C, gradient));
    printf("loss %.4f nats; |dL/dc|, and 5 and 10 steps before:", loss);
    for (size_t k = 0; k < T; k += 5)
        printf(" %.2g", gradient[k]);
    printf("; half-life of dL/dh %.3g steps\n", unroll_gradient_monitor_fit(monitor)->half_life);
}

int main(void)
{
    const unroll_net_spec spec = {.size = sizeof spec,
                                  .inputs = SYMBOLS,
                                  .outputs = SYMBOLS,
                                  .cell = "lstm",
                                  .layers = 1,
                                  .hidden = 24};
    const unroll_init start = UNROLL_INIT_DEFAULT;
    const unroll_work_options room = {.size = sizeof room, .T = T, .B = B, .training = true};
    const unroll_batch held_out = next_batch();
    unroll_net *net;
    unroll_work *work;
    unroll_gradient_monitor *monitor;
    check(unroll_net_new(&spec, &net));
    check(unroll_net_init(net, &start));
    unroll_net_pack(net, 1);
    check(unroll_work_new(net, &room, &work));
    check(unroll_gradient_monitor_new(net, &held_out, NULL, &monitor));
    unroll_real *weights = unroll_net_weights(net);
    unroll_real *gradient = malloc(unroll_net_size(net) * sizeof *gradient);
    for (int update = 0; gradient && update <= UPDATES; update++) {
        const unroll_batch batch = next_batch();
        unroll_result result;
        check(unroll_net_gradient(net, &batch, work, gradient, &result));
        if (update % 300 == 0) {
            check(unroll_gradient_monitor_take(monitor));
            print_curve(monitor, result.loss / result.weight);
        }
        for (size_t i = 0; i < unroll_net_learned(net); i++)
            weights[i] -= gradient[i];
        unroll_net_pack(net, 1);
    }
    free(gradient);
    unroll_gradient_monitor_free(monitor);
    unroll_work_free(work);
    unroll_net_free(net);
    return 0;
}
