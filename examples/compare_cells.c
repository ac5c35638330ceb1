/* Two cells compared: each learns to repeat two symbols after a delay, and then shows how far its gradient reaches back.
 *   cc compare_cells.c $(pkg-config --cflags --libs unroll) -o compare_cells && ./compare_cells */
#include <stdio.h>
#include <stdlib.h>
#include <unroll.h>

enum { UPDATES = 600, DISTANCES = 20 }; /* a sequence has 2 + 16 + 2 steps */

typedef struct outcome {
    double loss, accuracy; /* of the validation */
    double gradient[DISTANCES]; /* |dL_t/dh_{t-k}| of the loss at the last step t, geometric mean over rows */
} outcome;

static void check(unroll_status status)
{
    if (status == UNROLL_OK)
        return;
    fprintf(stderr, "compare_cells: %s\n", unroll_message());
    exit(status);
}

static void measure(const unroll_net *net, unroll_task *task, double *gradient)
{
    unroll_probe_options room = UNROLL_PROBE_OPTIONS_INIT;
    const unroll_curve_options shape = {.size = sizeof shape, .distances = DISTANCES};
    unroll_probe *probe;
    unroll_curve *curve;
    unroll_batch batch;
    bool more;
    check(unroll_task_held_out(task, UNROLL_VALID, 0, &batch, &more));
    room.T = batch.T;
    room.B = batch.B;
    check(unroll_probe_new(net, &room, &probe));
    check(unroll_curve_new(net, &shape, &curve));
    check(unroll_curve_add(curve, probe, &batch));
    check(unroll_curve_gmean(curve, 0, UNROLL_STATE_H, gradient));
    unroll_curve_free(curve);
    unroll_probe_free(probe);
}

static outcome train(const char *cell)
{
    const unroll_task_options few = {.size = sizeof few, .batch = 32, .seed = 1};
    const unroll_init start = UNROLL_INIT_DEFAULT;
    unroll_net_spec spec = {.size = sizeof spec, .cell = cell, .layers = 1, .hidden = 32};
    unroll_learning learning = UNROLL_LEARNING_INIT;
    unroll_task *task;
    unroll_net *net;
    unroll_trainer *trainer;
    unroll_evaluation valid;
    enum unroll_stop why;
    outcome out;
    learning.lr = 0.01;
    learning.steps = UPDATES;
    check(unroll_task_new_synthetic("copy:symbols=4,length=2,delay=16", &few, &task));
    unroll_task_set_spec(task, &spec);
    check(unroll_net_new(&spec, &net));
    check(unroll_net_init(net, &start));
    check(unroll_trainer_new(net, task, &learning, NULL, &trainer));
    check(unroll_trainer_train(trainer, &why));
    check(unroll_trainer_evaluate(trainer, UNROLL_VALID, &valid));
    out.loss = valid.loss;
    out.accuracy = valid.accuracy;
    measure(net, task, out.gradient);
    unroll_trainer_free(trainer);
    unroll_net_free(net);
    unroll_task_free(task);
    return out;
}

int main(void)
{
    const outcome rnn = train("rnn"), lstm = train("lstm");
    printf("after %d updates    rnn      lstm\n", UPDATES);
    printf("loss, nats        %7.4f   %7.4f\naccuracy          %7.3f   %7.3f\n", rnn.loss,
           lstm.loss, rnn.accuracy, lstm.accuracy);
    for (size_t k = 0; k < DISTANCES; k += 3)
        printf("|dL/dh| %2zu back   %7.2g   %7.2g\n", k, rnn.gradient[k], lstm.gradient[k]);
    return 0;
}
