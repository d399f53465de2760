/* Functions that can not be used safely become compile errors. Included last, by .c files. */
#ifndef FB_BASE_BANNED_H
#define FB_BASE_BANNED_H

#undef alloca /* a macro where glibc's alloca.h was included */
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll atof scanf sscanf fscanf
#pragma GCC poison rand srand random drand48 mktemp tmpnam tempnam
#pragma GCC poison asctime ctime gmtime localtime alloca system popen

#endif
