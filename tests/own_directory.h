#ifndef TESTS_OWN_DIRECTORY_H
#define TESTS_OWN_DIRECTORY_H
#include <stdbool.h>
#include <stddef.h>

/* A directory of a test's own, which goes with it, and files in it. A case has both functions as its checked
 * fixture. */

extern char directory[32]; /**< its path; also the working directory */

/** Makes it and goes there; memory and signals are as the program's main() has them. */
void enter_directory(void);
/** Removes it with all that it holds; allocations succeed again. */
void leave_directory(void);
/** The same, but fails the calling test where the directory holds anything besides this file, as a temporary. */
void leave_with_only(const char *path);

void put(const char *path, const void *data, size_t length);
void put_text(const char *path, const char *text);
/** All of a file, which must be shorter than `room`. @return its length */
size_t get(const char *path, void *data, size_t room);
const char *get_text(const char *path); /**< until the next call */
bool there(const char *path);

/** Entries of a directory, besides "." and ".."; the last one's name into `name` if not NULL. */
size_t entries(const char *path, char name[256]);
#endif
