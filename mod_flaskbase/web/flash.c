/* The queue of flash messages in the session, and their texts. */
#include "web/flash.h"

#include "base/escape.h"
#include "web/context.h"
#include "web/i18n.h"

#include <string.h>

#include "base/banned.h"

static const struct {
    fb_flash_id id;
    const char *category;
    const char *text;
} rows[] = {
#define FB_FLASH_ROW(name, number, category, text) { FB_FLASH_##name, category, text },
    FB_FLASH_TABLE(FB_FLASH_ROW)
#undef FB_FLASH_ROW
};

const char *fb_flash_category(fb_flash_id id)
{
    for (apr_size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].id == id) {
            return rows[i].category;
        }
    }
    return NULL;
}

const char *fb_flash_text(fb_flash_id id)
{
    for (apr_size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].id == id) {
            return rows[i].text;
        }
    }
    return NULL;
}

/* At most `max` bytes, cut between characters with an ellipsis. */
static fb_str cut(fb_str s, apr_size_t max, apr_pool_t *pool)
{
    static const fb_str dots = FB_STR_INIT("\xe2\x80\xa6");
    if (s.len <= max) {
        return fb_str_dup(pool, s);
    }
    apr_size_t at = max - dots.len;
    while (at > 0 && ((unsigned char)s.ptr[at] & 0xc0) == 0x80) {
        at--;
    }
    return fb_str_printf(pool, "%.*s%.*s", (int)at, s.ptr, FB_STR_ARG(dots));
}

apr_status_t fb_flash_add(fb_context *context, fb_flash_id id, const fb_str *args,
                          unsigned int arg_count, fb_error *error)
{
    fb_flashes *queue = &context->session->flashes;
    if (fb_flash_text(id) == NULL || arg_count > FB_FLASH_ARGS_MAX) {
        return fb_error_set(error, FB_EINTERNAL, "there is no flash message %d with %u arguments",
                            (int)id, arg_count);
    }
    apr_status_t status = fb_session_require(context->session, context->request, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    fb_flash flash = { .id = id, .arg_count = arg_count };
    for (unsigned int i = 0; i < arg_count; i++) {
        flash.args[i] = cut(args[i], FB_FLASH_ARGS_BYTES / arg_count, context->session->pool);
    }
    if (queue->count == FB_FLASHES_MAX) {
        memmove(&queue->items[0], &queue->items[1], (FB_FLASHES_MAX - 1) * sizeof queue->items[0]);
        queue->count--;
    }
    queue->items[queue->count++] = flash;
    context->session->state = FB_SESSION_DIRTY;
    return APR_SUCCESS;
}

fb_str fb_flash_markup(const fb_flash *flash, apr_pool_t *pool)
{
    const char *text = fb_translate(NULL, fb_flash_text(flash->id));
    fb_buf out;
    fb_buf_init(&out, pool, 16384);
    for (; text != NULL && *text != '\0'; text++) {
        unsigned int index = text[0] == '{' && text[1] >= '0' && text[1] <= '9' && text[2] == '}'
                                 ? (unsigned int)(text[1] - '0')
                                 : FB_FLASH_ARGS_MAX;
        if (index < flash->arg_count) {
            fb_escape_html(&out, flash->args[index]);
            text += 2;
        } else {
            fb_escape_html(&out, fb_str_from_len(text, 1));
        }
    }
    return fb_buf_str(&out);
}
