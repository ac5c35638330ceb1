/* unroll eval of a model that learned a synthetic task. */
#include "cli/eval_task.h"

#include <jansson.h>
#include <string.h>

#include "base/display.h"
#include "base/memory.h"
#include "base/spec.h"
#include "cli/out.h"
#include "cli/terminal.h"
#include "config/config.h"
#include "score/task_loss.h"

typedef struct task_evaluation {
    const unroll_task_row *row;
    double value[UNROLL_TASK_KEYS];
    char *text; /* the task with all its keys */
    unroll_result sum;
} task_evaluation;

static bool on_batch(void *arg, const unroll_batch *batch, const unroll_result *sum,
                     const double *token_loss)
{
    terminal_progress *progress = arg;
    (void)batch;
    (void)token_loss;
    if (terminal_progress_due(progress)) {
        char count[UNROLL_NUMBER_MAX];
        terminal_progress_show(progress, "%s targets, loss %.6g",
                               unroll_display_count(count, (uint64_t)sum->weight),
                               sum->loss / sum->weight);
    }
    return !out_broken();
}

static unroll_status print_json(const task_evaluation *e)
{
    const unroll_result *sum = &e->sum;
    return out_json(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i}", "task", e->text, "loss",
                              out_json_real(sum->loss / sum->weight), "accuracy",
                              out_json_real(sum->correct / sum->counted), "recall_loss",
                              out_json_real(sum->recalled_loss / sum->recalled), "recall_accuracy",
                              out_json_real(sum->recalled_correct / sum->recalled), "baseline",
                              out_json_real(e->row->baseline(e->value)), "chance",
                              out_json_real(e->row->chance(e->value)), "sequences",
                              UNROLL_TASK_HELD_OUT));
}

static void print_text(const task_evaluation *e, bool squared)
{
    const unroll_result *sum = &e->sum;
    out_printf("task             %s\n"
               "loss             %.6g %s\n"
               "accuracy         %.6g: %s\n",
               e->text, sum->loss / sum->weight, squared ? "squared error" : "nats a target",
               sum->correct / sum->counted, e->row->measure);
    out_printf("recall loss      %.6g, of the targets that need memory alone\n"
               "recall accuracy  %.6g\n"
               "baseline         %.6g, the loss of a guess that remembers nothing\n"
               "chance           %.6g, its accuracy\n"
               "sequences        %d\n",
               sum->recalled_loss / sum->recalled, sum->recalled_correct / sum->recalled,
               e->row->baseline(e->value), e->row->chance(e->value), UNROLL_TASK_HELD_OUT);
}

unroll_status eval_task(const cli_common *common, unroll_model *model, const char *spec)
{
    task_evaluation e = {0};
    terminal_progress progress;
    const unroll_net *net = unroll_model_net(model);
    const char *trained = unroll_model_config(model)->task;
    UNROLL_TRY(unroll_task_parse_like(spec ? spec : trained, trained, &e.row, e.value));
    if (!(e.text = unroll_spec_text(e.row->name, e.row->keys, e.value)))
        return UNROLL_EMEMORY;
    terminal_progress_start(&progress, common->quiet, 10);
    unroll_status status =
        unroll_synthetic_loss(net, e.row, e.value, common->seed, (size_t)common->threads,
                              &(unroll_loss_listener){on_batch, &progress}, &e.sum);
    terminal_progress_clear(&progress);
    if (!status && !out_broken() && common->json)
        status = print_json(&e);
    else if (!status && !out_broken())
        print_text(&e, unroll_net_get_spec(net)->squared);
    unroll_free(e.text);
    return status;
}
