/* Functions that can not be used safely become compile errors. Included last, by .c files. */
#ifndef FB_BASE_BANNED_H
#define FB_BASE_BANNED_H

/* Where the C library made macros of them (alloca.h; fortified headers under clang). */
#undef alloca
#undef sprintf
#undef vsprintf
#undef sscanf
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll atof scanf sscanf fscanf
#pragma GCC poison rand srand random drand48 mktemp tmpnam tempnam
#pragma GCC poison asctime ctime gmtime localtime alloca system popen

#endif
