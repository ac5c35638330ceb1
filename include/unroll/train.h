#ifndef UNROLL_TRAIN_H
#define UNROLL_TRAIN_H
#include <unroll/net.h>
#include <unroll/task.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a trainer learns. Begin with UNROLL_LEARNING_INIT, which has the defaults of the program. A field that is 0
 *  takes what "0:" below says of it. An epoch of a task without end is 1000 steps. Strings are only read in a call. */
typedef struct unroll_learning {
    size_t size;           /**< sizeof(unroll_learning) */
    const char *optimizer; /**< "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam" (NULL means it) or
                                    "adamw" */
    double lr;             /**< learning rate; 0.002 */
    double momentum;     /**< momentum and nesterov; 0.9 */
    double beta1, beta2; /**< adam, adamw: 0.9, 0.999 */
    double rho;          /**< rmsprop's smoothing; 0.99 */
    double epsilon;      /**< 0: 1e-8, adagrad 1e-10, as PyTorch */
    double weight_decay; /**< L2 for all but adamw, which decouples it */
    const char *schedule; /**< "constant" (NULL means it), "exponential", "step", "cosine", "plateau" */
    double decay;         /**< factor of exponential (0: 0.97), step and plateau (0: 0.5) */
    uint64_t decay_every; /**< step: steps between factors (0: an epoch); plateau: evaluations
                                    without gain (0: 3) */
    uint64_t decay_after; /**< exponential: steps before it begins; a factor comes at each end of
                                    an epoch from then on */
    double lr_min;        /**< floor of every schedule, and where cosine ends */
    uint64_t warmup;      /**< steps of linear warm-up, which multiplies the schedule */
    double clip_norm;     /**< global L2 norm; 0: off */
    double clip_value;    /**< each element to ±value, before the norm; 0: off */
    uint64_t steps;       /**< stop after so many steps; 0: by epochs */
    double epochs;        /**< used where steps is 0, may be fractional; 0: no bound */
    double seconds;       /**< stop after so long in this run, evaluations included; 0: never */
    uint64_t patience;    /**< evaluations without gain before stopping; 0: off */
    uint64_t eval_every;  /**< steps; 0: an epoch, or for a task without end a tenth of the steps
                                    but at least 100. The last step is evaluated in any case */
    uint64_t seed;        /**< of dropout and of scheduled sampling; 1 */
    size_t threads;       /**< 0: one for each core; results do not depend on it */
    bool recompute; /**< as in unroll_work_options: less memory for long windows, the same results */
} unroll_learning;

/* clang-format off */
#define UNROLL_LEARNING_INIT                                                                     \
    {.size = sizeof(unroll_learning), .optimizer = "adam", .lr = 0.002, .momentum = 0.9,         \
     .beta1 = 0.9, .beta2 = 0.999, .rho = 0.99, .schedule = "constant", .clip_norm = 5,          \
     .epochs = 10, .seed = 1}
/* clang-format on */

/* ---- a trainer: the whole of it ---- */

/** One update, as metrics.csv has it. */
typedef struct unroll_progress {
    uint64_t step;      /**< steps done, skipped ones included */
    uint64_t last_step; /**< where it will stop; 0: unknown */
    double epoch;
    double loss; /**< nats per target (or mean squared error) of this batch */
    double accuracy;
    double tokens; /**< targets in this batch */
    double lr;
    double grad_norm;     /**< before clipping */
    double clip_scale;    /**< norm after clipping / norm before; 1: not clipped */
    double clipped_share; /**< of all steps so far, clipped by norm or value */
    double seconds;       /**< of this step, evaluation and saving left out */
    double tokens_per_s;  /**< median over the last steps */
    bool skipped;         /**< not finite: no update was made; unroll_message() says where */
} unroll_progress;

typedef struct unroll_evaluation {
    enum unroll_split split;
    uint64_t step;
    double epoch;
    double loss, accuracy, targets;
    double bits; /**< loss / ln 2 */
    /** Of the targets that need memory alone, as the symbols that a task of copying repeats: loss, accuracy, and
     *  how many they are. Where a task tells none apart they are those of all targets. */
    double recall_loss, recall_accuracy, recalled;
    bool best; /**< the lowest validation loss so far */
    double seconds;
} unroll_evaluation;

/** What the trainer tells its owner. Each function may be NULL. A status other than UNROLL_OK ends training with
 *  it. A step's evaluation comes before its `step`, so that what is saved in `step` has it; a step whose
 *  update left weights that are not finite reaches no callback. */
typedef struct unroll_callbacks {
    size_t size; /**< sizeof(unroll_callbacks) */
    void *arg;   /**< handed to each of them */
    unroll_status (*step)(void *arg, const unroll_progress *progress);
    unroll_status (*evaluated)(void *arg, const unroll_evaluation *evaluation);
    bool (*stop)(void *arg); /**< asked after every step: true ends training as "interrupted" after
                                    this step's `step`, and leaves its evaluation for later */
} unroll_callbacks;
#define UNROLL_CALLBACKS_INIT            \
    {                                    \
        .size = sizeof(unroll_callbacks) \
    }

enum unroll_stop {
    UNROLL_STOP_STEPS,
    UNROLL_STOP_EPOCHS,
    UNROLL_STOP_TIME,
    UNROLL_STOP_PATIENCE,
    UNROLL_STOP_INTERRUPTED,
    UNROLL_STOP_DIVERGED,
    UNROLL_STOP_ERROR
};
const char *unroll_stop_name(enum unroll_stop stop); /**< "steps", "epochs", … */

/** Net, task, optimiser and all that lies between two updates. It knows no files and no text. */
typedef struct unroll_trainer unroll_trainer;

/** @param net, task  must outlive the trainer; the net's weights are what it trains
 *  @param learning   copied
 *  @param callbacks  copied; NULL: none
 *  @param out        freed by unroll_trainer_free(); NULL on failure
 *  @return UNROLL_EUSAGE for an unknown optimizer or schedule, a number out of its range, or a struct whose size is
 *          not set; UNROLL_EMEMORY */
unroll_status unroll_trainer_new(unroll_net *net, unroll_task *task, const unroll_learning *learning,
                                 const unroll_callbacks *callbacks, unroll_trainer **out);
void unroll_trainer_free(unroll_trainer *trainer);

/** Train until a bound is met. @return UNROLL_OK (see *why), UNROLL_ENUMERIC where ten steps in a row
 *  were not finite or an update left weights that are not, UNROLL_EUSAGE where no bound is set, or what a
 *  callback returned */
unroll_status unroll_trainer_train(unroll_trainer *trainer, enum unroll_stop *why);

/** One step, without callbacks or evaluation; out may be NULL. @return UNROLL_ENUMERIC as above */
unroll_status unroll_trainer_step(unroll_trainer *trainer, unroll_progress *out);
/** A whole evaluation; changes no bit of the training. UNROLL_EDATA where the split is empty. */
unroll_status unroll_trainer_evaluate(unroll_trainer *trainer, enum unroll_split split,
                                      unroll_evaluation *out);

uint64_t unroll_trainer_steps(const unroll_trainer *trainer);
double unroll_trainer_best_loss(const unroll_trainer *trainer); /**< INFINITY before the first */
double unroll_trainer_median_rate(const unroll_trainer *trainer); /**< tokens/s, median of all steps */

/** Hand every value that exact resume needs to `visit`, in a fixed order, the same for saving (it reads) and
 *  restoring (it writes): weights, moments, carried states, counters, best loss, task state. No clock is
 *  among them, so equal trainings give equal bytes. Names are constant strings. */
void unroll_trainer_state(unroll_trainer *trainer, unroll_visit *visit, void *arg);
/** After the visits of a restore. */
void unroll_trainer_restored(unroll_trainer *trainer);

/* ---- the parts, for a loop of one's own ----
 *
 * A step is unroll_task_next(), unroll_net_gradient(), clipping, unroll_learning_rate(), unroll_optimizer_step() on the
 * first unroll_net_learned() elements, unroll_net_update_running_statistics() where there is batch normalisation, and
 * unroll_net_pack(). */

/** Scale a gradient down to an L2 norm, as torch.nn.utils.clip_grad_norm_ does.
 *  @param bound     0: it is only measured
 *  @param gradient  [count], changed in place
 *  @param norm      takes the norm before
 *  @return UNROLL_ENUMERIC where it is not finite, and it is as it was; UNROLL_EUSAGE for a bound below 0
 *  Source: Pascanu et al. (2013). */
unroll_status unroll_clip_norm(double bound, size_t count, unroll_real *gradient, double *norm);
/** Bound each element of a gradient to ±bound; the rest is as unroll_clip_norm(). Source: Mikolov (2012). */
unroll_status unroll_clip_value(double bound, size_t count, unroll_real *gradient, double *norm);

/** The learning rate of the step that follows `step` steps, by the schedule of `learning`.
 *  @param batches_per_epoch  as unroll_task_batches_per_epoch()
 *  @param cuts  of the plateau schedule: how often evaluations ceased to gain
 *  @return UNROLL_EUSAGE as unroll_trainer_new() */
unroll_status unroll_learning_rate(const unroll_learning *learning, uint64_t batches_per_epoch,
                                   uint64_t step, uint64_t cuts, double *lr);

/** An optimiser with what it keeps for each parameter. */
typedef struct unroll_optimizer unroll_optimizer;

/** @param learning  its optimizer, momentum, beta1, beta2, rho, epsilon, weight_decay and threads count; NULL:
 *                   UNROLL_LEARNING_INIT
 *  @param count     parameters; of a network unroll_net_learned()
 *  @param out       freed by unroll_optimizer_free()
 *  @return UNROLL_EUSAGE for a name that does not exist or a number out of its range; UNROLL_EMEMORY */
unroll_status unroll_optimizer_new(const unroll_learning *learning, size_t count,
                                   unroll_optimizer **out);
void unroll_optimizer_free(unroll_optimizer *optimizer); /**< NULL is allowed */

/** One update. Each optimiser computes what torch.optim computes.
 *  @param lr        learning rate of this update
 *  @param weights   [count], changed in place
 *  @param gradient  [count] of the loss with respect to them
 *  @return UNROLL_ENUMERIC where a weight is then not finite; UNROLL_EUSAGE for a learning rate below 0 */
unroll_status unroll_optimizer_step(unroll_optimizer *optimizer, double lr, unroll_real *weights,
                                    unroll_real *gradient);

#ifdef __cplusplus
}
#endif
#endif
