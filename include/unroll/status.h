#ifndef UNROLL_STATUS_H
#define UNROLL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/** What a function that can fail returns. The values are also the exit statuses of the program, most of
 *  them those of sysexits.h. Where it is not UNROLL_OK, unroll_message() says why. */
typedef enum unroll_status {
    UNROLL_OK = 0,
    UNROLL_ENUMERIC = 1,  /**< training diverged: losses or gradients are not finite */
    UNROLL_EUSAGE = 64,   /**< an option or argument is wrong */
    UNROLL_EDATA = 65,    /**< a file's content is wrong */
    UNROLL_ENOINPUT = 66, /**< a file is missing, unreadable or not a file */
    UNROLL_EBUG = 70,     /**< a fault of this library */
    UNROLL_EMEMORY = 71,  /**< no memory, or no thread, left */
    UNROLL_ECREATE = 73,  /**< an output cannot be created */
    UNROLL_EIO = 74,      /**< reading or writing failed */
    UNROLL_EBUSY = 75,    /**< somebody else uses the run directory */
    UNROLL_EMISMATCH = 78 /**< what is resumed was made with other options or data */
} unroll_status;

/** Why the calling thread's last call that failed did so: one line of UTF-8 without a newline, what is wrong
 *  and, where something can be done, what to do. Options are called by their names, as unroll_config_set()
 *  takes them. Control characters, of a file's name for instance, are escaped ("\x1b").
 *  @return owned by the library and valid until this thread's next call that fails; "" before the first */
const char *unroll_message(void);

#ifdef __cplusplus
}
#endif
#endif
