/* Escapes in string literals. */
#ifndef FB_TEMPLATE_LEXER_STRING_H
#define FB_TEMPLATE_LEXER_STRING_H

#include "template/value.h"

/* The inside of a literal with Python's escapes replaced. On a malformed one, *problem is set to
 * Python's words for it. */
fb_str fb_lex_unescape(fb_str inside, fb_arena *arena, const char **problem);

#endif
