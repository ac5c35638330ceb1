#ifndef UNROLL_SESSION_RUN_SESSION_H
#define UNROLL_SESSION_RUN_SESSION_H
#include "session/session.h"

/** The session of a run as it would be resumed: its texts or pairs in the parts that it was trained, validated and
 *  tested on, its task, and the weights of its newest checkpoint. Zero-initialise; unroll_run_session_close() in any
 *  case. */
typedef struct unroll_run_session {
    unroll_session session; /**< note, note_arg and keep_text may be set before it is opened */
    unroll_config *config;
} unroll_run_session;

/** @return as unroll_checkpoint_find() and unroll_session_open(); UNROLL_EMISMATCH where its text is another one now */
unroll_status unroll_run_session_open(unroll_run_session *r, const char *directory);
void unroll_run_session_close(unroll_run_session *r);
#endif
