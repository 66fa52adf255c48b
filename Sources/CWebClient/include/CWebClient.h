#ifndef LANDLINE_WEB_CLIENT_H
#define LANDLINE_WEB_CLIENT_H

#include <stddef.h>

/// A file of web/, as it lies in the executable.
typedef struct {
    /// Relative to web/, such as "js/main.js".
    const char *path;
    const unsigned char *bytes;
    size_t length;
} landline_web_file;

const landline_web_file *landline_web_files(void);
size_t landline_web_file_count(void);

#endif
