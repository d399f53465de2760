/* Compiling all templates of an environment and linking them to each other. */
#include "template/env.h"

#include "template/lexer.h"
#include "template/number.h"
#include "template/vm.h"

#include <apr_strings.h>

#include <string.h>

#include "base/banned.h"

/* ---- constants ------------------------------------------------------------------- */

static bool copy_list(fb_value v, fb_arena *arena, fb_value *out)
{
    fb_list *list = fb_list_create(arena, v.as.list->len);

    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < v.as.list->len; i++) {
        if (!fb_value_copy(v.as.list->items[i], arena, &list->items[i]))
            return false;
    }
    list->len = v.as.list->len;
    *out = (fb_value){ .tag = v.tag, .as.list = list };
    return true;
}

static bool copy_dict(fb_value v, fb_arena *arena, fb_value *out)
{
    fb_dict *dict = fb_dict_create(arena, v.as.dict->len);

    if (dict == NULL)
        return false;
    for (uint32_t i = 0; i < v.as.dict->used; i++) {
        const fb_dict_entry *entry = &v.as.dict->entries[i];
        fb_value key;
        fb_value value;
        if (entry->key.tag == FB_ABSENT)
            continue;
        if (!fb_value_copy(entry->key, arena, &key) ||
            !fb_value_copy(entry->value, arena, &value) ||
            fb_dict_set(dict, key, value, arena) != APR_SUCCESS)
            return false;
    }
    *out = fb_dict_value(dict);
    return true;
}

static const fb_bigint *copy_bigint(const fb_bigint *big, fb_arena *arena)
{
    apr_size_t size = sizeof(*big) + big->count * sizeof(fb_limb);
    fb_bigint *copy = fb_arena_alloc(arena, size);

    if (copy != NULL)
        memcpy(copy, big, size);
    return copy;
}

bool fb_value_copy(fb_value v, fb_arena *arena, fb_value *out)
{
    *out = v;
    switch (v.tag) {
    case FB_NONE:
    case FB_BOOL:
    case FB_INT:
    case FB_FLOAT: return true;
    case FB_STR:
    case FB_MARKUP:
    case FB_BYTES:
        out->as.s = v.len > 0 ? fb_arena_str(arena, fb_value_str(v)).ptr : "";
        return out->as.s != NULL;
    case FB_BIGINT: out->as.ptr = copy_bigint(v.as.big, arena); return out->as.ptr != NULL;
    case FB_RANGE:
        out->as.ptr = fb_arena_alloc(arena, sizeof(fb_range));
        *(fb_range *)(apr_uintptr_t)out->as.ptr = *v.as.range;
        return true;
    case FB_LIST:
    case FB_TUPLE:
    case FB_SLICE: return copy_list(v, arena, out);
    case FB_DICT: return copy_dict(v, arena, out);
    default: return false;
    }
}

/* ---- linking --------------------------------------------------------------------- */

/* Where a template names another one by a constant: {% extends %}, {% include %}, {% import %}. */
typedef struct reference {
    fb_include_site *site;
    const fb_proc *proc;
    fb_opcode op;
    fb_place place;
} reference;

typedef void reference_visit(void *baton, fb_template *tmpl, reference *ref);

static void each_reference(fb_template *tmpl, reference_visit *visit, void *baton)
{
    for (uint32_t i = 0; i < tmpl->proc_count; i++) {
        const fb_proc *proc = tmpl->procs[i];
        for (uint32_t at = 0; at < proc->length; at++) {
            const fb_ins *ins = &proc->code[at];
            if (ins->op != FB_OP_EXTENDS && ins->op != FB_OP_INCLUDE && ins->op != FB_OP_IMPORT)
                continue;
            reference ref = { &tmpl->include_sites[ins->c], proc, (fb_opcode)ins->op,
                              proc->places[at] };
            if (ref.site->name.tag == FB_STR)
                visit(baton, tmpl, &ref);
        }
    }
}

typedef struct linker {
    fb_env *env;
    fb_env_report *report;
    void *baton;
    apr_pool_t *scratch;
    unsigned problems;
} linker;

static void problem(linker *l, const fb_template *tmpl, fb_place place, const char *kind,
                    const char *message)
{
    fb_error error;

    fb_error_init(&error, l->scratch);
    fb_raise(&error, kind, "%s", message);
    fb_error_at(&error, fb_str_to_z(l->scratch, tmpl->name), (int)place.line, (int)place.column,
                fb_source_line(tmpl->source, place.line));
    l->problems++;
    if (l->report != NULL)
        l->report(l->baton, &error);
}

static void link_one(void *baton, fb_template *tmpl, reference *ref)
{
    linker *l = baton;
    const fb_template *target = fb_env_find(l->env, fb_value_str(ref->site->name));

    ref->site->tmpl = target;
    if (target == NULL && !ref->site->ignore_missing && !tmpl->anonymous)
        problem(l, tmpl, ref->place, "TemplateNotFound",
                apr_psprintf(l->scratch, "there is no template %.*s",
                             FB_STR_ARG(fb_value_str(ref->site->name))));
}

/* ---- cycles ---------------------------------------------------------------------- */

/* Depth-first search over unconditional references: extends of a root, and any include. An include
 * inside an if may end by itself; only extends are certain. */
typedef struct cycle_search {
    linker *l;
    uint8_t *state; /* by index: 1 on the way, 2 done */
    fb_template *from;
} cycle_search;

static uint32_t index_of(const fb_env *env, const fb_template *tmpl)
{
    const fb_value *found = fb_dict_find_str(env->by_name, tmpl->name);

    return found != NULL ? (uint32_t)found->as.i : UINT32_MAX;
}

/* The include at the top of a template, outside of any condition and loop, always runs. */
static bool is_certain(const reference *ref)
{
    const fb_proc *proc = ref->proc;

    if (proc->kind != FB_PROC_ROOT && proc->kind != FB_PROC_BLOCK)
        return false;
    for (uint32_t at = 0; at < proc->length; at++) {
        const fb_ins *ins = &proc->code[at];
        if ((ins->op == FB_OP_EXTENDS || ins->op == FB_OP_INCLUDE || ins->op == FB_OP_IMPORT) &&
            &proc->tmpl->include_sites[ins->c] == ref->site)
            return true;
        if (ins->op == FB_OP_JUMP_IF_FALSE || ins->op == FB_OP_FOR_NEXT || ins->op == FB_OP_AND ||
            ins->op == FB_OP_OR || ins->op == FB_OP_IF_EXTENDED)
            return false; /* good enough: what follows a condition is not looked at */
    }
    return false;
}

static void search(cycle_search *s, fb_template *tmpl);

static void follow(void *baton, fb_template *tmpl, reference *ref)
{
    cycle_search *s = baton;
    uint32_t at;

    if (ref->site->tmpl == NULL || !is_certain(ref))
        return;
    at = index_of(s->l->env, ref->site->tmpl);
    if (at == UINT32_MAX || s->state[at] == 2)
        return;
    if (s->state[at] == 1) {
        problem(s->l, tmpl, ref->place, "TemplateSyntaxError",
                apr_psprintf(s->l->scratch, "templates run in a circle: %.*s comes back to %.*s",
                             FB_STR_ARG(tmpl->name), FB_STR_ARG(ref->site->tmpl->name)));
        return;
    }
    search(s, s->l->env->templates[at]);
}

static void search(cycle_search *s, fb_template *tmpl)
{
    uint32_t at = index_of(s->l->env, tmpl);

    if (at == UINT32_MAX || s->state[at] != 0)
        return;
    s->state[at] = 1;
    each_reference(tmpl, follow, s);
    s->state[at] = 2;
}

/* ---- all templates --------------------------------------------------------------- */

static void compile_one(linker *l, fb_template *tmpl)
{
    fb_error *error = apr_pcalloc(l->env->pool, sizeof(*error));
    apr_pool_t *scratch = NULL;

    fb_error_init(error, l->env->pool);
    if (apr_pool_create(&scratch, l->scratch) != APR_SUCCESS)
        return;
    if (fb_compile(l->env, tmpl, scratch, error) != APR_SUCCESS) {
        tmpl->error = error;
        l->problems++;
        if (l->report != NULL)
            l->report(l->baton, error);
    }
    apr_pool_destroy(scratch);
}

apr_status_t fb_env_compile(fb_env *env, fb_env_report *report, void *baton, apr_pool_t *scratch,
                            fb_error *error)
{
    linker l = { env, report, baton, scratch, 0 };
    cycle_search cycles = { &l, NULL, NULL };

    for (uint32_t i = 0; i < env->template_count; i++)
        compile_one(&l, env->templates[i]);
    env->compiled = true;
    for (uint32_t i = 0; i < env->template_count; i++) {
        if (env->templates[i]->error == NULL)
            each_reference(env->templates[i], link_one, &l);
    }
    cycles.state = apr_pcalloc(scratch, env->template_count + 1);
    for (uint32_t i = 0; i < env->template_count; i++) {
        if (env->templates[i]->error == NULL)
            search(&cycles, env->templates[i]);
    }
    if (l.problems > 0)
        return fb_error_set(error, FB_ETEMPLATE, "%u problem%s in the templates", l.problems,
                            l.problems == 1 ? "" : "s");
    return APR_SUCCESS;
}

void fb_env_check_names(const fb_env *env, fb_env_report *report, void *baton, apr_pool_t *scratch)
{
    linker l = { NULL, report, baton, scratch, 0 };

    for (uint32_t i = 0; i < env->template_count; i++) {
        const fb_template *tmpl = env->templates[i];
        for (uint32_t j = 0; tmpl->error == NULL && j < tmpl->free_count; j++) {
            fb_str name = tmpl->free_names[j]->s;
            if (fb_dict_find_str(env->globals, name) == NULL &&
                fb_dict_find_str(env->declared, name) == NULL)
                problem(&l, tmpl, tmpl->free_places[j], "UndefinedError",
                        apr_psprintf(scratch, "'%.*s' is neither set here nor a declared variable",
                                     FB_STR_ARG(name)));
        }
    }
}
