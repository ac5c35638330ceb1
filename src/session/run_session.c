#include "session/run_session.h"

#include "base/fail.h"
#include "config/config.h"

static unroll_status open_checkpoint(unroll_run_session *r, const unroll_checkpoint *checkpoint)
{
    UNROLL_TRY(unroll_config_new(&r->config));
    UNROLL_TRY(unroll_checkpoint_options(checkpoint, r->config));
    r->session.config = r->config;
    return unroll_session_open(&r->session, NULL, 0, checkpoint);
}

unroll_status unroll_run_session_open(unroll_run_session *r, const char *directory)
{
    unroll_checkpoint checkpoint = {0};
    unroll_status status =
        unroll_checkpoint_find(directory, r->session.note, r->session.note_arg, &checkpoint);
    if (status == UNROLL_OK)
        status = open_checkpoint(r, &checkpoint);
    unroll_checkpoint_free(&checkpoint);
    return status;
}

void unroll_run_session_close(unroll_run_session *r)
{
    unroll_session_close(&r->session);
    unroll_config_free(r->config);
    r->config = NULL;
}
