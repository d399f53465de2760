/* Scopes in the code generator: entering and leaving, loading and storing variables. */
#include "template/codegen.h"

#include "base/banned.h"

fb_scope_frame fb_gen_inner(fb_codegen *cg, fb_scope_frame *outer)
{
    fb_scope_frame frame = { .outer = outer, .check_extended = outer->check_extended };

    frame.symbols = fb_symbols_create(cg->scratch, outer->symbols, cg->builder);
    return frame;
}

fb_scope_frame fb_gen_soft(fb_scope_frame *outer)
{
    fb_scope_frame frame = *outer;

    frame.rootlevel = false;
    frame.soft = true;
    return frame;
}

/* The slot for a name of the context that no scope of this procedure stores. */
static uint16_t shared_slot(fb_codegen *cg, fb_builder *builder, const fb_name *name)
{
    for (unsigned i = 0; i < builder->shared_count; i++) {
        if (builder->shared[i].name == name)
            return builder->shared[i].slot;
    }
    builder->shared = fb_gen_grow(cg->scratch, builder->shared, builder->shared_count,
                                  &builder->shared_cap, sizeof(fb_shared_slot));
    builder->shared[builder->shared_count] = (fb_shared_slot){ name, fb_gen_slot(cg) };
    return builder->shared[builder->shared_count++].slot;
}

/* Notes a name that comes from outside the template, for the check of names. */
static void note_free(fb_codegen *cg, const fb_name *name)
{
    fb_template *tmpl = cg->tmpl;

    for (uint32_t i = 0; i < tmpl->free_count; i++) {
        if (tmpl->free_names[i] == name)
            return;
    }
    uint32_t cap = cg->free_cap;
    tmpl->free_places =
        fb_gen_grow(cg->pool, tmpl->free_places, tmpl->free_count, &cap, sizeof(fb_place));
    tmpl->free_names =
        fb_gen_grow(cg->pool, tmpl->free_names, tmpl->free_count, &cg->free_cap, sizeof(fb_name *));
    tmpl->free_places[tmpl->free_count] =
        (fb_place){ cg->line, fb_source_column(cg->source, cg->offset) };
    tmpl->free_names[tmpl->free_count++] = name;
}

void fb_gen_enter(fb_codegen *cg, fb_scope_frame *frame)
{
    fb_symbols *symbols = frame->symbols;

    for (uint32_t i = 0; i < symbols->count; i++) {
        fb_symbol *symbol = &symbols->v[i];
        unsigned up = 0;
        uint16_t from = 0;
        if (symbol->origin == FB_FROM_CONTEXT && !symbol->stored) {
            symbol->slot = shared_slot(cg, symbols->builder, symbol->name);
            symbol->placed = true;
            continue;
        }
        if (!symbol->placed) {
            symbol->slot = fb_gen_slot(cg);
            symbol->placed = true;
        }
        if (symbol->origin == FB_FROM_CONTEXT)
            fb_gen_emit(cg, FB_OP_SLOT_UNKNOWN, 0, symbol->slot, 0, 0);
        else if (symbol->origin == FB_FROM_NOWHERE)
            fb_gen_emit(cg, FB_OP_SLOT_MISSING, 0, symbol->slot, 0, 0);
        else if (symbol->origin == FB_FROM_OUTER &&
                 fb_gen_place(cg, symbols->outer, symbol->name, &up, &from))
            fb_gen_emit(cg, FB_OP_SLOT_ALIAS, up, symbol->slot, from, 0);
    }
}

/* Variables end with their scope; a macro made inside may still look at them. */
void fb_gen_leave(fb_codegen *cg, fb_scope_frame *frame)
{
    if (!frame->symbols->builder->proc->kept)
        return;
    for (uint32_t i = 0; i < frame->symbols->count; i++) {
        const fb_symbol *symbol = &frame->symbols->v[i];
        if (symbol->stored && symbol->placed)
            fb_gen_emit(cg, FB_OP_SLOT_MISSING, 0, symbol->slot, 0, 0);
    }
}

bool fb_gen_place(fb_codegen *cg, fb_symbols *symbols, const fb_name *name, unsigned *up,
                  uint16_t *slot)
{
    fb_symbols *where = NULL;
    fb_symbol *symbol = fb_symbols_find(symbols, name, &where);

    if (symbol == NULL)
        return false;
    *up = 0;
    for (fb_builder *b = cg->builder; b != NULL && b != where->builder; b = b->outer)
        (*up)++;
    if (*up > UINT8_MAX) {
        fb_node here = { .line = cg->line, .offset = cg->offset };
        fb_gen_fail(cg, &here, "TemplateSyntaxError", "macros are nested too deeply");
        *up = 0;
    }
    *slot = symbol->slot;
    return true;
}

void fb_gen_load(fb_codegen *cg, fb_scope_frame *frame, const fb_name *name)
{
    fb_symbols *where = NULL;
    fb_symbol *symbol = fb_symbols_find(frame->symbols, name, &where);
    unsigned up = 0;
    uint16_t slot = 0;

    if (symbol == NULL) {
        /* An expression that no scope was prepared for: it means the context's variable. */
        slot = shared_slot(cg, cg->builder, name);
    } else {
        (void)fb_gen_place(cg, where, name, &up, &slot);
    }
    if (symbol == NULL || symbol->origin == FB_FROM_CONTEXT)
        note_free(cg, name);
    fb_gen_emit(cg, up == 0 ? FB_OP_LOAD : FB_OP_LOAD_UP, up, slot, name->id, 1);
}

void fb_gen_store(fb_codegen *cg, fb_scope_frame *frame, const fb_name *name)
{
    unsigned up = 0;
    uint16_t slot = 0;

    (void)fb_gen_place(cg, frame->symbols, name, &up, &slot);
    fb_gen_emit(cg, FB_OP_STORE, 0, slot, 0, -1);
}

void fb_gen_export(fb_codegen *cg, fb_scope_frame *frame, const fb_name *name, unsigned how)
{
    unsigned up = 0;
    uint16_t slot = 0;

    (void)fb_gen_place(cg, frame->symbols, name, &up, &slot);
    if (fb_str_starts(name->s, FB_STR("_")))
        how = 0;
    fb_gen_emit(cg, FB_OP_EXPORT, how, slot, name->id, 0);
}

void fb_gen_assign(fb_codegen *cg, fb_scope_frame *frame, const fb_node *target)
{
    if (target->kind == FB_NODE_NAME) {
        fb_gen_store(cg, frame, target->name);
        return;
    }
    uint32_t count = target->list[0].count;
    fb_gen_emit(cg, FB_OP_UNPACK, 0, 0, count, (int)count - 1);
    for (uint32_t i = 0; i < count; i++)
        fb_gen_assign(cg, frame, target->list[0].v[i]);
}

void fb_gen_export_target(fb_codegen *cg, fb_scope_frame *frame, const fb_node *target)
{
    if (!frame->toplevel || frame->in_loop || frame->in_block)
        return;
    if (target->kind == FB_NODE_NAME)
        fb_gen_export(cg, frame, target->name, 1);
    for (uint32_t i = 0; target->kind == FB_NODE_TUPLE && i < target->list[0].count; i++)
        fb_gen_export_target(cg, frame, target->list[0].v[i]);
}

const fb_names *fb_gen_locals(fb_codegen *cg, fb_scope_frame *frame)
{
    fb_names *names = apr_pcalloc(cg->pool, sizeof(*names));
    uint32_t cap = 0;
    uint32_t slot_cap = 0;
    uint32_t depth_cap = 0;

    for (fb_symbols *symbols = frame->symbols; symbols != NULL; symbols = symbols->outer) {
        for (uint32_t i = 0; i < symbols->count; i++) {
            const fb_symbol *symbol = &symbols->v[i];
            unsigned up = 0;
            uint16_t slot = 0;
            bool known = false;
            for (apr_size_t j = 0; j < names->count; j++)
                known = known || names->names[j] == symbol->name;
            if (!symbol->stored || known)
                continue;
            (void)fb_gen_place(cg, frame->symbols, symbol->name, &up, &slot);
            uint32_t count = (uint32_t)names->count;
            names->names = fb_gen_grow(cg->pool, names->names, count, &cap, sizeof(fb_name *));
            names->slots = fb_gen_grow(cg->pool, names->slots, count, &slot_cap, sizeof(uint16_t));
            names->depths = fb_gen_grow(cg->pool, names->depths, count, &depth_cap, 1);
            names->names[count] = symbol->name;
            names->slots[count] = slot;
            names->depths[count] = (uint8_t)up;
            names->count++;
        }
    }
    return names;
}
