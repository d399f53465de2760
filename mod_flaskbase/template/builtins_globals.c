/* The global functions, and the objects that some of them make. */
#include "template/methods_dict.h"

#include <string.h>

#include "base/banned.h"

/* --- range --- */

#define SANDBOX_MAX_RANGE 100000

static int64_t length_of(int64_t start, int64_t stop, int64_t step)
{
    uint64_t distance;

    if (step > 0 ? start >= stop : start <= stop)
        return 0;
    distance = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    distance = (distance - 1) / (step > 0 ? (uint64_t)step : 0 - (uint64_t)step) + 1;
    return distance > INT64_MAX ? INT64_MAX : (int64_t)distance;
}

static FB_NATIVE(global_range)
{
    int64_t bounds[3] = { 0, 0, 1 };
    fb_range *range;
    apr_status_t status = APR_SUCCESS;

    FB_UNUSED(self);
    if (kwargs.n > 0)
        return fb_raise(error, "TypeError", "range() takes no keyword arguments");
    if (args.n == 0)
        return fb_raise(error, "TypeError", "range expected at least 1 argument, got 0");
    if (args.n > 3)
        return fb_raise(error, "TypeError",
                        "range expected at most 3 arguments, got %" APR_SIZE_T_FMT, args.n);
    for (apr_size_t i = 0; status == APR_SUCCESS && i < args.n; i++)
        status = fb_arg_int(args.v[i], 0, &bounds[args.n == 1 ? 1 : i], error);
    if (status != APR_SUCCESS)
        return status;
    if (bounds[2] == 0)
        return fb_raise(error, "ValueError", "range() arg 3 must not be zero");
    range = fb_arena_alloc(fb_vm_arena(vm), sizeof(*range));
    *range =
        (fb_range){ bounds[0], bounds[1], bounds[2], length_of(bounds[0], bounds[1], bounds[2]) };
    if (fb_vm_sandboxed(vm) && range->len > SANDBOX_MAX_RANGE)
        return fb_raise(error, "OverflowError",
                        "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                        SANDBOX_MAX_RANGE);
    *out = (fb_value){ .tag = FB_RANGE, .as.range = range };
    return APR_SUCCESS;
}

/* --- cycler --- */

typedef struct cycler {
    fb_object object;
    fb_list *items;
    uint32_t at;
} cycler;

static const fb_class cycler_class;

static FB_NATIVE(cycler_next)
{
    cycler *c = fb_object_of(self, &cycler_class);

    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = c->items->items[c->at];
    c->at = (c->at + 1) % c->items->len;
    return APR_SUCCESS;
}

static FB_NATIVE(cycler_reset)
{
    cycler *c = fb_object_of(self, &cycler_class);

    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    c->at = 0;
    *out = fb_none();
    return APR_SUCCESS;
}

static apr_status_t cycler_current(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const cycler *c = fb_object_of(self, &cycler_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = c->items->items[c->at];
    return APR_SUCCESS;
}

static apr_status_t cycler_items(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const cycler *c = fb_object_of(self, &cycler_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_tuple_value(c->items);
    return APR_SUCCESS;
}

static apr_status_t cycler_pos(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const cycler *c = fb_object_of(self, &cycler_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_int(c->at);
    return APR_SUCCESS;
}

static const fb_attribute cycler_attributes[] = {
    { "current", cycler_current, "The item that next() will return." },
    { "items", cycler_items, "All items." },
    { "pos", cycler_pos, "The number of the current one, from 0." },
    { NULL, NULL, NULL },
};

static const fb_builtin cycler_methods[] = {
    { "next", cycler_next, FB_NO_PARAMS, .flags = FB_FN_CONTEXT,
      .doc = "The current item; the next one becomes current." },
    { "reset", cycler_reset, FB_NO_PARAMS, .flags = FB_FN_CONTEXT,
      .doc = "Starts again at the first item." },
    { .name = NULL },
};

static const fb_class cycler_class = {
    .name = "Cycler",
    .module = "jinja2.utils",
    .attributes = cycler_attributes,
    .methods = cycler_methods,
};

static FB_NATIVE(global_cycler)
{
    cycler *c = fb_arena_alloc(fb_vm_arena(vm), sizeof(*c));
    fb_list *items = fb_list_create(fb_vm_arena(vm), args.n);

    FB_UNUSED(self);
    if (kwargs.n > 0)
        return fb_raise(error, "TypeError",
                        "Cycler.__init__() got an unexpected keyword argument '%.*s'",
                        FB_STR_ARG(kwargs.v[0].name));
    if (args.n == 0)
        return fb_raise(error, "RuntimeError", "at least one item has to be provided");
    if (items == NULL)
        return fb_raise_memory(error);
    memcpy(items->items, args.v, args.n * sizeof(fb_value));
    items->len = (uint32_t)args.n;
    *c = (cycler){ .object = { &cycler_class }, .items = items };
    *out = fb_object_value(c);
    return APR_SUCCESS;
}

/* --- joiner --- */

typedef struct joiner {
    fb_object object;
    fb_value sep;
    bool used;
} joiner;

static const fb_class joiner_class;

static FB_NATIVE(joiner_call)
{
    joiner *j = fb_object_of(self, &joiner_class);

    FB_UNUSED(vm), FB_UNUSED(args), FB_UNUSED(kwargs), FB_UNUSED(error);
    *out = j->used ? j->sep : FB_VSTR("");
    j->used = true;
    return APR_SUCCESS;
}

static const fb_builtin joiner_call_row = { "joiner", joiner_call, FB_NO_PARAMS,
                                            .flags = FB_FN_CONTEXT,
                                            .doc = "Nothing the first time, then the separator." };

static apr_status_t joiner_sep(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const joiner *j = fb_object_of(self, &joiner_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = j->sep;
    return APR_SUCCESS;
}

static apr_status_t joiner_used(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const joiner *j = fb_object_of(self, &joiner_class);

    FB_UNUSED(vm), FB_UNUSED(error);
    *out = fb_bool(j->used);
    return APR_SUCCESS;
}

static const fb_attribute joiner_attributes[] = {
    { "sep", joiner_sep, "The separator." },
    { "used", joiner_used, "Was it called already?" },
    { NULL, NULL, NULL },
};

static const fb_class joiner_class = {
    .name = "Joiner",
    .module = "jinja2.utils",
    .attributes = joiner_attributes,
    .call = &joiner_call_row,
};

static FB_NATIVE(global_joiner)
{
    joiner *j = fb_arena_alloc(fb_vm_arena(vm), sizeof(*j));

    FB_UNUSED(self), FB_UNUSED(kwargs), FB_UNUSED(error);
    *j = (joiner){ .object = { &joiner_class } };
    j->sep = fb_is_absent(args.v[0]) ? FB_VSTR(", ") : args.v[0];
    *out = fb_object_value(j);
    return APR_SUCCESS;
}

/* --- namespace --- */

typedef struct space {
    fb_object object;
    fb_dict *names;
} space;

static apr_status_t space_get(fb_vm *vm, fb_value self, fb_str name, fb_value *out, fb_error *error)
{
    const space *s = fb_object_of(self, &fb_class_namespace);
    const fb_value *found = fb_dict_find_str(s->names, name);

    FB_UNUSED(vm), FB_UNUSED(error);
    if (found == NULL)
        return FB_ENOTFOUND;
    *out = *found;
    return APR_SUCCESS;
}

static apr_status_t space_set(fb_vm *vm, fb_value self, fb_str name, fb_value v, fb_error *error)
{
    space *s = fb_object_of(self, &fb_class_namespace);

    fb_vm_keep(vm, v);
    return fb_dict_set_str(s->names, name, v, fb_vm_arena(vm)) == APR_SUCCESS
               ? APR_SUCCESS
               : fb_raise_memory(error);
}

static apr_status_t space_repr(fb_vm *vm, fb_value self, fb_value *out, fb_error *error)
{
    const space *s = fb_object_of(self, &fb_class_namespace);
    fb_text text;
    apr_status_t status;

    fb_text_init(&text, vm, 32);
    fb_text_add(&text, FB_STR("<Namespace "));
    status = fb_text_add_repr(&text, vm, fb_dict_value(s->names), error);
    fb_text_add_char(&text, '>');
    return status == APR_SUCCESS ? fb_text_finish(&text, FB_STR, out, error) : status;
}

const fb_class fb_class_namespace = {
    .name = "Namespace",
    .module = "jinja2.utils",
    .get_attribute = space_get,
    .set_attribute = space_set,
    .to_string = space_repr,
    .repr = space_repr,
};

static FB_NATIVE(global_namespace)
{
    space *s = fb_arena_alloc(fb_vm_arena(vm), sizeof(*s));

    FB_UNUSED(self);
    *s = (space){ .object = { &fb_class_namespace }, .names = fb_dict_create(fb_vm_arena(vm), 8) };
    if (s->names == NULL)
        return fb_raise_memory(error);
    *out = fb_object_value(s);
    return fb_dict_update(vm, s->names, "dict", args, kwargs, error);
}

/* --- lipsum --- */

static const char *const latin[] = { "lorem",       "ipsum",        "dolor",
                                     "sit",         "amet",         "consectetur",
                                     "adipisicing", "elit",         "sed",
                                     "do",          "eiusmod",      "tempor",
                                     "incididunt",  "ut",           "labore",
                                     "et",          "dolore",       "magna",
                                     "aliqua",      "enim",         "ad",
                                     "minim",       "veniam",       "quis",
                                     "nostrud",     "exercitation", "ullamco",
                                     "laboris",     "nisi",         "aliquip",
                                     "ex",          "ea",           "commodo",
                                     "consequat",   "duis",         "aute",
                                     "irure",       "in",           "reprehenderit",
                                     "voluptate",   "velit",        "esse",
                                     "cillum",      "eu",           "fugiat",
                                     "nulla",       "pariatur",     "excepteur",
                                     "sint",        "occaecat",     "cupidatat",
                                     "non",         "proident",     "sunt",
                                     "culpa",       "qui",          "officia",
                                     "deserunt",    "mollit",       "anim",
                                     "id",          "est",          "laborum" };

#define LATIN_COUNT ((uint32_t)(sizeof(latin) / sizeof(latin[0])))

/* A number from `low` up to but without `high`. */
static uint32_t between(fb_vm *vm, uint32_t low, uint32_t high)
{
    return low + fb_vm_random(vm, high - low);
}

static void add_paragraph(fb_text *text, fb_vm *vm, uint32_t words)
{
    uint32_t last = LATIN_COUNT, comma = 0, stop = 0;
    bool capital = true;

    for (uint32_t i = 0; i < words; i++) {
        uint32_t pick = fb_vm_random(vm, LATIN_COUNT);

        if (pick == last)
            pick = (pick + 1) % LATIN_COUNT;
        last = pick;
        if (i > 0)
            fb_text_add_char(text, ' ');
        fb_chars_recase(text, fb_str_from(latin[pick]),
                        capital ? FB_CASE_CAPITALIZE : FB_CASE_LOWER);
        capital = i + 1 < words && i > stop + between(vm, 10, 20);
        if (capital) {
            comma = stop = i;
            fb_text_add_char(text, '.');
        } else if (i + 1 < words && i > comma + between(vm, 3, 8)) {
            comma = i;
            stop += 2;
            fb_text_add_char(text, ',');
        }
    }
    fb_text_add_char(text, '.');
}

static FB_NATIVE(global_lipsum)
{
    enum { MOST = 10000 };
    int64_t count, min, max;
    bool html;
    fb_text text;
    apr_status_t status = fb_arg_int(args.v[0], 5, &count, error);

    FB_UNUSED(self), FB_UNUSED(kwargs);
    if (status == APR_SUCCESS)
        status = fb_arg_truth(vm, args.v[1], true, &html, error);
    if (status == APR_SUCCESS)
        status = fb_arg_int(args.v[2], 20, &min, error);
    if (status == APR_SUCCESS)
        status = fb_arg_int(args.v[3], 100, &max, error);
    if (status != APR_SUCCESS)
        return status;
    if (min < 0 || max <= min || max > MOST || count > MOST)
        return fb_raise(error, "ValueError",
                        "empty range for randrange() (%" APR_INT64_T_FMT ", %" APR_INT64_T_FMT ")",
                        min, max);
    fb_text_init(&text, vm, 1024);
    for (int64_t i = 0; i < count; i++) {
        if (i > 0)
            fb_text_add(&text, html ? FB_STR("\n") : FB_STR("\n\n"));
        fb_text_add(&text, html ? FB_STR("<p>") : FB_STR(""));
        add_paragraph(&text, vm, between(vm, (uint32_t)min, (uint32_t)max));
        fb_text_add(&text, html ? FB_STR("</p>") : FB_STR(""));
    }
    return fb_text_finish(&text, html ? FB_MARKUP : FB_STR, out, error);
}

#define ANY FB_FN_CONTEXT | FB_FN_VARARGS | FB_FN_KWARGS

const fb_builtin fb_builtin_globals[] = {
    { "cycler", global_cycler, .flags = ANY, .doc = "An object that gives its arguments in turn." },
    { "dict", fb_global_dict, .flags = ANY, .doc = "A dict of keywords, pairs, another dict." },
    { "joiner", global_joiner, FB_PARAMS("sep"), .flags = FB_FN_CONTEXT,
      .doc = "A function that returns nothing at first, then always sep." },
    { "lipsum", global_lipsum, FB_PARAMS("n", "html", "min", "max"), .flags = FB_FN_CONTEXT,
      .doc = "n paragraphs of filling text, of min to max words." },
    { "namespace", global_namespace, .flags = ANY,
      .doc = "An object whose attributes {% set ns.x = … %} can change, even from inside a loop." },
    { "range", global_range, .flags = ANY, .doc = "Numbers from start up to stop, by step." },
    { .name = NULL },
};
