/* The one table of options: what a row does not say, neither help nor the command line knows. */
#include <stddef.h>

#include "cell/cells.h"
#include "config/config.h"
#include "config/syntax.h"
#include "math/kernels.h"
#include "net/attention_score.h"
#include "net/init.h"
#include "train/optimizer_row.h"
#include "train/schedule.h"

/* ---- a line on each name of a table ---- */

static const char *gru_form(size_t i)
{
    return unroll_cell_variant("gru", i);
}

static const char *gru_form_summary(size_t i)
{
    return unroll_cell_variant_summary("gru", i);
}

static const char *lstm_form(size_t i)
{
    return unroll_cell_variant("lstm", i);
}

static const char *lstm_form_summary(size_t i)
{
    return unroll_cell_variant_summary("lstm", i);
}

/* The first is "none". */
static const char *norm_summary(size_t i)
{
    return i > 0 && unroll_norm_name(i) ? unroll_kernels_table[0]->norms[i - 1]->summary : NULL;
}

static const char *optimizer_summary(size_t i)
{
    return unroll_optimizer_name(i) ? unroll_optimizer_table[i]->summary : NULL;
}

static const char *schedule_summary(size_t i)
{
    return unroll_schedule_table[i].summary;
}

/* ---- the table ---- */

/* Indices are enum unroll_tokens, enum unroll_normalize, and unroll_text_rules.replace. */
static const char *const tokens[] = {"byte", "codepoint", "grapheme", "word", NULL};
static const char *const normalize[] = {"nfc", "nfkc", "none", NULL};
static const char *const invalid[] = {"error", "replace", NULL};

/* Each row is laid out by what it says. */
/* clang-format off */
#define AT(field) .offset = offsetof(unroll_config, field)
#define TEXT(n, m) .name = n, .meta = m, .type = UNROLL_TEXT
#define FLAG(n) .name = n, .type = UNROLL_FLAG
#define SIZE(n, low, high) .name = n, .meta = "N", .type = UNROLL_SIZE, .min = low, .max = high
#define REAL(n, low, high) .name = n, .meta = "X", .type = UNROLL_NUMBER, .min = low, .max = high
#define NAME(n, list) .name = n, .meta = "NAME", .type = UNROLL_NAME, .names = list
#define CHOICE(n, list) .name = n, .meta = "KIND", .type = UNROLL_CHOICE, .choices = list
#define CUSTOM(n, m, how)                                                                          \
    .name = n, .meta = m, .type = UNROLL_CUSTOM, .parse = unroll_parse_##how,               \
    .format = unroll_format_##how
#define LIBRARY(n, m, how)                                                                         \
    .name = n, .meta = m, .type = UNROLL_CUSTOM, .parse = unroll_option_parse_##how,               \
    .format = unroll_option_format_##how
#define TASK_ROW .group = "Task", .role = UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA
#define TOKEN_ROW .group = "Data", .role = UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA
#define DATA_ROW .group = "Data", .role = UNROLL_ROLE_DATA
#define MODEL_ROW .group = "Model", .role = UNROLL_ROLE_MODEL
#define PAIR_ROW(roles) .group = "Translation", .role = roles
#define START_ROW .group = "Start", .role = UNROLL_ROLE_LEARN
#define LEARN_ROW .group = "Learning", .role = UNROLL_ROLE_LEARN
#define BOUND_ROW .group = "Learning", .role = UNROLL_ROLE_BOUND
#define RUN_ROW .group = "Run", .role = UNROLL_ROLE_RUN
#define COMMON_ROW .group = "Common", .role = UNROLL_ROLE_RUN
#define MANY UNROLL_OPTION_NO_MAX

const unroll_option unroll_config_table[] = {
    {TEXT("task", "SPEC"), .basic = "char, translate, or a synthetic task: see 'unroll generate --list'",
     TASK_ROW, AT(task), .preset = "char",
     .help = "char: predict the next token of a text; translate: learn it from pairs in FILE, or "
             "from toy-translation; or a toy language or synthetic task, NAME:key=value,..., "
             "listed by 'unroll generate --list'"},

    {CHOICE("tokens", tokens), TOKEN_ROW, AT(tokens), .preset = "codepoint",
     .help = "what one token is (toy-translation: word, unless this is given)"},
    {CHOICE("normalize", normalize), TOKEN_ROW, AT(normalize), .preset = "nfc",
     .help = "Unicode normalisation of the text"},
    {FLAG("casefold"), TOKEN_ROW, AT(casefold), .help = "make no difference between A and a"},
    {SIZE("min-count", 1, MANY), TOKEN_ROW, AT(min_count), .preset = "1",
     .help = "tokens rarer than this become <unk>"},
    {CHOICE("invalid", invalid), TOKEN_ROW, AT(invalid), .preset = "error",
     .help = "what to do about invalid UTF-8, replace puts U+FFFD in its place"},
    {FLAG("lines"), TOKEN_ROW, AT(lines), .help = "each line is a sequence of its own"},
    {CUSTOM("split", "A,B,C", split), DATA_ROW, AT(split), .preset = "0.9,0.05,0.05",
     .help = "shares of the text for training, validation and test"},
    {TEXT("valid", "FILE"), DATA_ROW, AT(valid),
     .help = "validate on this text instead of a share. A share's symbols are in the vocabulary; "
             "a symbol that is here alone is <unk> where --min-count made one, else exit 65"},
    {TEXT("test", "FILE"), DATA_ROW, AT(test),
     .help = "test on this text instead of a share; its symbols are as those of --valid"},
    {LIBRARY("max-input", "BYTES", bytes), DATA_ROW, AT(max_input), .preset = "1G",
     .min = 0, .max = MANY,
     .help = "refuse a text longer than this, unpacked; units K, M, G, T; 0: no bound"},

    {NAME("cell", unroll_cell_name), .basic = "the recurrent cell",
     .summaries = unroll_cell_summary, .keys = unroll_cell_keys,
     .aliases = "model rnn-type", MODEL_ROW, AT(cell), .preset = "lstm",
     .help = "the recurrent cell"},
    {SIZE("layers", 1, 1000), .basic = "recurrent layers",
     .aliases = "num-layers nlayers", MODEL_ROW, AT(layers), .preset = "2",
     .help = "recurrent layers"},
    {SIZE("hidden", 1, 1048576), .basic = "units in each layer",
     .aliases = "rnn-size hidden-size nhid", MODEL_ROW, AT(hidden),
     .preset = "128", .help = "units in each layer"},
    {SIZE("embedding", 0, 1048576), MODEL_ROW, AT(embedding), .preset = "0",
     .help = "length of learned token vectors; 0: one-hot"},
    {NAME("activation", unroll_activation_name), .summaries = unroll_activation_summary, MODEL_ROW,
     AT(activation),
     .preset = "tanh",
     .help = "nonlinearity of a cell that leaves it open, such as the rnn"},
    {.name = "dropout", .basic = "share of values that are dropped between layers",
     .meta = "P", .type = UNROLL_NUMBER, MODEL_ROW, AT(dropout), .preset = "0",
     .min = 0, .max = 1, .open_max = true,
     .help = "share of values dropped between layers; of a translation model on its embeddings, "
             "too"},
    {FLAG("skip-input"), MODEL_ROW, AT(skip_input),
     .help = "the input goes to all layers, not the first alone (Graves 2013)"},
    {NAME("norm", unroll_norm_name), .summaries = norm_summary, MODEL_ROW, AT(norm),
     .preset = "none",
     .help = "normalise"},
    {SIZE("norm-steps", 1, 1048576), MODEL_ROW, AT(norm_steps), .preset = "1",
     .help = "of recurrent-batch: steps from the zero state with running statistics of their own, "
             "later ones share the last's; more than 1 only where states are not carried"},
    {FLAG("residual"), MODEL_ROW, AT(residual),
     .help = "from the second layer on, a layer's output is its state and its input added"},
    {REAL("omega", 0, 1e6), MODEL_ROW, AT(omega), .preset = "0",
     .help = "of a cell whose state is one activation, such as the rnn: weight of the regulariser "
             "that keeps the norm of gradients through time (Pascanu et al. 2013); 0: off"},
    {NAME("gru", gru_form), .summaries = gru_form_summary, MODEL_ROW, AT(gru),
     .preset = "reset-after",
     .help = "where the gru's reset gate acts"},
    {NAME("lstm", lstm_form), .summaries = lstm_form_summary, MODEL_ROW, AT(lstm),
     .preset = "forget",
     .help = "whether the lstm has a forget gate, and whether its gates see the state c"},
    {FLAG("tie"), MODEL_ROW, AT(tie),
     .help = "the output layer shares the embedding; needs --embedding equal to --hidden"},

    {NAME("attention", unroll_attention_name), .summaries = unroll_attention_summary,
     PAIR_ROW(UNROLL_ROLE_MODEL), AT(attention),
     .preset = "none",
     .help = "how the decoder looks back at the source"},
    {FLAG("bidirectional"), PAIR_ROW(UNROLL_ROLE_MODEL), AT(bidirectional),
     .help = "the encoder reads the source both ways"},
    {FLAG("reverse-source"), PAIR_ROW(UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA), AT(reverse_source),
     .help = "the encoder reads the source from its end (Sutskever et al. 2014)"},
    {REAL("label-smoothing", 0, 1), PAIR_ROW(UNROLL_ROLE_MODEL), AT(label_smoothing), .preset = "0",
     .open_max = true, .help = "share of a target's probability that is spread over all tokens in "
                               "training (Szegedy et al. 2016)"},
    {REAL("scheduled-sampling", 0, 1), PAIR_ROW(UNROLL_ROLE_MODEL), AT(scheduled_sampling),
     .preset = "0",
     .help = "chance that in training the decoder reads its own guess instead of the target's "
             "token (Bengio et al. 2015)"},
    {FLAG("swap"), PAIR_ROW(UNROLL_ROLE_MODEL | UNROLL_ROLE_DATA), AT(swap),
     .help = "the first column of pairs is the target"},
    {SIZE("max-length", 0, MANY), PAIR_ROW(UNROLL_ROLE_DATA), AT(max_length), .preset = "500",
     .help = "most tokens of a side; 0: no bound"},
    {FLAG("skip-bad"), PAIR_ROW(UNROLL_ROLE_DATA), AT(skip_bad),
     .help = "leave out lines without a tab, with an empty side or above --max-length, and count "
             "them"},

    {NAME("init", unroll_init_name), .summaries = unroll_init_summary, START_ROW, AT(init),
     .preset = "uniform",
     .help = "how weights are drawn"},
    {REAL("init-scale", 0, 1000), START_ROW, AT(init_scale), .preset = "1", .open_min = true,
     .help = "factor on what --init draws"},
    {CUSTOM("forget-bias", "X", forget_bias), START_ROW, AT(forget_bias), .preset = "auto",
     .min = -100, .max = 100,
     .help = "bias of the gate that keeps the state: a number; auto: the cell's own, 1 for the "
             "lstm and as drawn for the gru; or chrono[:T]: drawn for dependencies of up to T "
             "steps (the task's length, or --seq-length), as Tallec and Ollivier (2018)"},
    {REAL("norm-gamma", 0, 1000), START_ROW, AT(norm_gamma), .preset = "0.1", .open_min = true,
     .help = "of recurrent-batch: what its gains start at"},
    {TEXT("init-from", "MODEL"), START_ROW, AT(init_from),
     .help = "begin with this model's weights, vocabulary and rules of tokens"},

    {NAME("optimizer", unroll_optimizer_name), .summaries = optimizer_summary, LEARN_ROW,
     AT(optimizer),
     .preset = "adam",
     .help = "how weights follow gradients"},
    {REAL("lr", 0, 1e5), .basic = "learning rate",
     .aliases = "learning-rate", LEARN_ROW, AT(learning.lr), .preset = "0.002",
     .help = "learning rate"},
    {REAL("momentum", 0, 1), LEARN_ROW, AT(learning.momentum), .preset = "0.9", .open_max = true,
     .help = "of momentum and nesterov"},
    {REAL("beta1", 0, 1), LEARN_ROW, AT(learning.beta1), .preset = "0.9", .open_max = true,
     .help = "of adam and adamw: smoothing of the gradient"},
    {REAL("beta2", 0, 1), LEARN_ROW, AT(learning.beta2), .preset = "0.999", .open_max = true,
     .help = "of adam and adamw: smoothing of its square"},
    {REAL("rho", 0, 1), LEARN_ROW, AT(learning.rho), .preset = "0.99", .open_max = true,
     .help = "of rmsprop: smoothing of the squared gradient"},
    {REAL("epsilon", 0, 1), LEARN_ROW, AT(learning.epsilon), .preset = "0",
     .help = "added to divisors; 0: 1e-8, for adagrad 1e-10"},
    {REAL("weight-decay", 0, 1000), LEARN_ROW, AT(learning.weight_decay), .preset = "0",
     .help = "L2 penalty; adamw keeps it apart from the gradient"},
    {NAME("schedule", unroll_schedule_name), .summaries = schedule_summary, LEARN_ROW, AT(schedule),
     .preset = "constant",
     .help = "how the learning rate changes"},
    {REAL("decay", 0, 1), LEARN_ROW, AT(learning.decay), .preset = "0",
     .help = "factor of a schedule; 0: 0.97 for exponential, 0.5 for step and plateau"},
    {SIZE("decay-every", 0, MANY), LEARN_ROW, AT(learning.decay_every), .preset = "0",
     .help = "step: steps between factors, 0: an epoch; plateau: evaluations without gain, 0: 3"},
    {SIZE("decay-after", 0, MANY), LEARN_ROW, AT(learning.decay_after), .preset = "0",
     .help = "exponential: steps before it begins"},
    {REAL("lr-min", 0, 1000), LEARN_ROW, AT(learning.lr_min), .preset = "0",
     .help = "floor of every schedule"},
    {SIZE("warmup", 0, MANY), LEARN_ROW, AT(learning.warmup), .preset = "0",
     .help = "steps in which the learning rate rises from 0"},
    {REAL("clip-norm", 0, 1e6), .aliases = "max-grad-norm", LEARN_ROW, AT(learning.clip_norm),
     .preset = "5", .help = "scale gradients down to this global L2 norm; 0: off"},
    {REAL("clip-value", 0, 1e6), .aliases = "grad-clip", LEARN_ROW, AT(learning.clip_value),
     .preset = "0", .help = "cut each gradient to plus or minus this, before the norm; 0: off"},
    {SIZE("batch", 1, 1048576), .basic = "sequences trained side by side",
     .aliases = "batch-size", LEARN_ROW, AT(batch), .preset = "50",
     .help = "sequences trained side by side"},
    {SIZE("seq-length", 1, 1048576), .basic = "steps of a text that are back-propagated through",
     .aliases = "bptt block-size", LEARN_ROW, AT(seq_length),
     .preset = "50",
     .help = "steps of a text back-propagated through: the truncation of BPTT; a task's or a "
             "translation's sequences are never cut"},
    {FLAG("recompute"), .group = "Learning", .role = UNROLL_ROLE_RUN, AT(learning.recompute),
     .help = "keep the states of about the root of --seq-length steps alone and run the rest "
             "forward again: long windows in little memory, the same results to the bit"},
    {FLAG("no-carry"), LEARN_ROW, AT(no_carry), .help = "the state starts at zero in each window"},
    {SIZE("steps", 0, MANY), .basic = "stop after so many updates",
     .letter = 'n', BOUND_ROW, AT(learning.steps), .preset = "0",
     .help = "stop after so many updates; 0: by --epochs"},
    {REAL("epochs", 0, 1e9), .basic = "stop after so many passes over the text",
     BOUND_ROW, AT(learning.epochs), .preset = "10",
     .help = "stop after so many passes over the training text, for a synthetic task of 1000 steps "
             "each; 0: by --time"},
    {LIBRARY("time", "TIME", seconds), .basic = "stop after so long, such as 90s, 5m or 1h",
     BOUND_ROW, AT(learning.seconds), .min = 0, .max = 1e9,
     .help = "stop after so long, such as 90s, 5m or 1h; alone it is the only bound"},

    {TEXT("out", "DIR"), .basic = "where the run is kept (default runs/NAME)",
     .letter = 'o', RUN_ROW, AT(out), .help = "run directory (default runs/NAME)"},
    {TEXT("corpus", "FILES"), RUN_ROW, AT(corpus),
     .help = "the texts, as FILE arguments give them; several are parted by newlines"},
    {TEXT("resume", "RUN"), .basic = "go on with this run",
     RUN_ROW, AT(resume),
     .help = "go on with this run, with its options; bounds and this group's may be given anew"},
    {FLAG("force"), RUN_ROW, AT(force), .help = "write into --out even where it is not empty"},
    {SIZE("eval-every", 0, MANY), RUN_ROW, AT(learning.eval_every), .preset = "0",
     .help = "steps between validations; 0: an epoch"},
    {SIZE("save-every", 0, MANY), RUN_ROW, AT(save_every), .preset = "0",
     .help = "steps between checkpoints; 0: at each validation"},
    {SIZE("log-every", 1, MANY), RUN_ROW, AT(log_every), .preset = "10",
     .help = "steps between lines of metrics.csv"},
    {SIZE("sample-every", 0, MANY), RUN_ROW, AT(sample_every), .preset = "0",
     .help = "steps between samples; 0: at each validation"},
    {SIZE("keep", 1, 1000), RUN_ROW, AT(keep), .preset = "2", .help = "checkpoints to keep"},
    {SIZE("patience", 0, MANY), .group = "Run", .role = UNROLL_ROLE_BOUND, AT(learning.patience),
     .preset = "0", .help = "stop after so many validations without gain; 0: never"},
    {SIZE("grad-every", 0, MANY), .basic = "steps between records of gradient magnitude against distance",
     .group = "Gradients", .role = UNROLL_ROLE_RUN, AT(grad_every),
     .preset = "0",
     .help = "steps between records of gradient magnitude against distance and of histograms, in "
             "gradient/*.csv, on held-out data, measured in floats; a translation's go from the last "
             "target word back into the source; beside --recompute it needs the memory of a whole "
             "window; 0: none"},
    {SIZE("grad-distance", 0, 1048576), .group = "Gradients", .role = UNROLL_ROLE_RUN,
     AT(grad_distance),
     .preset = "0",
     .help = "largest distance that --grad-every records of a text, as far as it reaches; beyond "
             "--seq-length a few sequences have their losses in rows of their own, and a record "
             "takes longer; 0: below --seq-length"},

    {FLAG("dry-run"), RUN_ROW, AT(dry_run),
     .help = "print sizes, parameters and memory; train nothing"},

    {SIZE("seed", 0, MANY), .basic = "all random numbers follow from it",
     .group = "Common", .role = UNROLL_ROLE_LEARN, AT(seed), .preset = "1",
     .help = "all random numbers follow from it"},
    {SIZE("threads", 0, 1024), COMMON_ROW, AT(threads), .preset = "0",
     .help = "threads to use; 0: one for each core; results do not depend on it"},
    {FLAG("quiet"), .letter = 'q', COMMON_ROW, AT(quiet), .help = "print results and errors only"},
    {FLAG("json"), COMMON_ROW, AT(json), .parse = unroll_parse_json_mode, .format = unroll_format_json_mode,
     .help = "results as JSON, one object a line; train --json=lines: an object for each step and each "
             "validation before them, with the names of metrics.csv"},
};
/* clang-format on */
const size_t unroll_config_rows = sizeof unroll_config_table / sizeof *unroll_config_table;

const unroll_option_list unroll_config_lists[] = {
    {unroll_config_table, sizeof unroll_config_table / sizeof *unroll_config_table, 0},
    {NULL, 0, 0},
};
