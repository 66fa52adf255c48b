typedef struct { const char *path; const unsigned char *bytes; unsigned long length; } landline_web_file;
