#ifndef UNROLL_BASE_PATH_H
#define UNROLL_BASE_PATH_H

/** "DIRECTORY/NAME", freed by unroll_free(); NULL with a message. */
char *unroll_path_join(const char *directory, const char *name);
/** The same with `ending` behind the name, its dot included. */
char *unroll_path_join_ending(const char *directory, const char *name, const char *ending);
#endif
