/* The values templates compute with: names of types, lists and insertion-ordered dicts. */
#include "template/value.h"

#include "template/object.h"
#include "template/ops.h"

#include <string.h>

#include "base/banned.h"

const char *fb_value_type(fb_value v)
{
    static const char *const names[] = {
        [FB_ABSENT] = "missing",    [FB_NONE] = "NoneType",
        [FB_BOOL] = "bool",         [FB_INT] = "int",
        [FB_BIGINT] = "int",        [FB_FLOAT] = "float",
        [FB_STR] = "str",           [FB_MARKUP] = "Markup",
        [FB_BYTES] = "bytes",       [FB_LIST] = "list",
        [FB_TUPLE] = "tuple",       [FB_DICT] = "dict",
        [FB_RANGE] = "range",       [FB_SLICE] = "slice",
        [FB_FUNCTION] = "function", [FB_METHOD] = "builtin_function_or_method",
        [FB_MACRO] = "Macro",
    };
    static const char *const views[] = { "dict_keys", "dict_values", "dict_items" };
    static const char *const undefined[] = {
        [FB_UNDEFINED_LENIENT] = "Undefined",
        [FB_UNDEFINED_STRICT] = "StrictUndefined",
        [FB_UNDEFINED_CHAINABLE] = "ChainableUndefined",
        [FB_UNDEFINED_DEBUG] = "DebugUndefined",
    };

    switch (v.tag) {
    case FB_VIEW: return views[v.aux];
    case FB_UNDEFINED: return undefined[v.as.undefined->kind];
    case FB_ITERATOR: return v.as.iter->type;
    case FB_OBJECT: return v.as.object->cls->name;
    default: return v.tag <= FB_MACRO ? names[v.tag] : "object";
    }
}

/* ---- lists ----------------------------------------------------------------------- */

fb_list *fb_list_create(fb_arena *arena, apr_size_t cap)
{
    fb_list *list = fb_arena_alloc(arena, sizeof(*list));

    *list = (fb_list){ 0, 0, NULL };
    if (cap > 0) {
        if (cap > FB_VALUE_MAX_LEN)
            return NULL;
        list->items = fb_arena_alloc(arena, cap * sizeof(fb_value));
        if (list->items == NULL)
            return NULL;
        list->cap = (uint32_t)cap;
    }
    return list;
}

apr_status_t fb_list_push(fb_list *list, fb_value v, fb_arena *arena)
{
    if (list->len == list->cap) {
        apr_size_t cap = list->cap < 4 ? 4 : (apr_size_t)list->cap * 2;
        if (cap > FB_VALUE_MAX_LEN)
            return FB_ELIMIT;
        fb_value *items = fb_arena_alloc(arena, cap * sizeof(fb_value));
        if (items == NULL)
            return FB_ELIMIT;
        if (list->len > 0)
            memcpy(items, list->items, list->len * sizeof(fb_value));
        list->items = items;
        list->cap = (uint32_t)cap;
    }
    list->items[list->len++] = v;
    return APR_SUCCESS;
}

fb_value fb_tuple2(fb_arena *arena, fb_value a, fb_value b)
{
    struct {
        fb_list list;
        fb_value items[2];
    } *pair = fb_arena_alloc(arena, sizeof(*pair));

    pair->items[0] = a;
    pair->items[1] = b;
    pair->list = (fb_list){ 2, 2, pair->items };
    return fb_tuple_value(&pair->list);
}

/* ---- dicts ----------------------------------------------------------------------- */

/* Up to this many entries a dict is searched in order, comparing hashes. */
#define SMALL_DICT 8u
#define EMPTY      UINT32_MAX

uint32_t fb_str_hash(fb_str s)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ s.len;
    const char *at = s.ptr;
    apr_size_t left = s.len;

    while (left >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
        at += 8;
        left -= 8;
    }
    if (left > 0) {
        uint64_t word = 0;
        memcpy(&word, at, left);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    h *= 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(h >> 32);
}

fb_dict *fb_dict_create(fb_arena *arena, apr_size_t cap)
{
    fb_dict *dict = fb_arena_calloc(arena, sizeof(*dict));

    if (cap > SMALL_DICT) {
        if (cap > FB_VALUE_MAX_LEN / 4)
            return NULL;
        dict->entries = fb_arena_alloc(arena, cap * sizeof(fb_dict_entry));
        if (dict->entries == NULL)
            return NULL;
        dict->cap = (uint32_t)cap;
    }
    return dict;
}

/* Keys are short: eight bytes at a time, the last ones again where that does not come out even. */
static inline bool same_bytes(const char *a, const char *b, apr_size_t len)
{
    uint64_t x;
    uint64_t y;

    if (a == b)
        return true;
    if (len < 8 || len > 32)
        return memcmp(a, b, len) == 0;
    for (apr_size_t at = 0; at + 8 < len; at += 8) {
        memcpy(&x, a + at, 8);
        memcpy(&y, b + at, 8);
        if (x != y)
            return false;
    }
    memcpy(&x, a + len - 8, 8);
    memcpy(&y, b + len - 8, 8);
    return x == y;
}

static inline bool same_short(const char *a, const char *b, apr_size_t len)
{
    if (len >= 8)
        return same_bytes(a, b, len);
    while (len > 0 && a[len - 1] == b[len - 1])
        len--;
    return len == 0;
}

static bool same_key(const fb_dict_entry *entry, fb_value key, uint32_t hash)
{
    if (entry->hash != hash || entry->key.tag == FB_ABSENT)
        return false;
    if (fb_is_string(entry->key) && fb_is_string(key))
        return entry->key.len == key.len && same_short(entry->key.as.s, key.as.s, key.len);
    return fb_equal(entry->key, key);
}

/* The entry with this key, or NULL; *slot is where the index has it. */
static fb_dict_entry *find(const fb_dict *dict, fb_value key, uint32_t hash, uint32_t *slot)
{
    if (dict->index == NULL) {
        for (uint32_t i = 0; i < dict->used; i++) {
            if (same_key(&dict->entries[i], key, hash))
                return &dict->entries[i];
        }
        return NULL;
    }
    for (uint32_t at = hash & dict->mask;; at = (at + 1) & dict->mask) {
        uint32_t i = dict->index[at];
        if (i == EMPTY) {
            *slot = at;
            return NULL;
        }
        if (same_key(&dict->entries[i], key, hash)) {
            *slot = at;
            return &dict->entries[i];
        }
    }
}

fb_value *fb_dict_find(const fb_dict *dict, fb_value key)
{
    uint32_t slot = 0;
    uint32_t hash = 0;

    if (dict->len == 0 || !fb_hash_quiet(key, &hash))
        return NULL;
    fb_dict_entry *entry = find(dict, key, hash, &slot);
    return entry != NULL ? &entry->value : NULL;
}

fb_value *fb_dict_find_hashed(const fb_dict *dict, fb_str key, uint32_t hash)
{
    uint32_t slot = 0;

    if (dict->len == 0)
        return NULL;
    fb_dict_entry *entry = find(dict, fb_string(key), hash, &slot);
    return entry != NULL ? &entry->value : NULL;
}

fb_value *fb_dict_find_str(const fb_dict *dict, fb_str key)
{
    return fb_dict_find_hashed(dict, key, fb_str_hash(key));
}

/* (Re)builds the index for the entries present, with room for as many again. */
static bool build_index(fb_dict *dict, fb_arena *arena)
{
    uint32_t size = 32;

    while (size < dict->cap * 2)
        size *= 2;
    uint32_t *index = fb_arena_alloc(arena, size * sizeof(uint32_t));
    if (index == NULL)
        return false;
    for (uint32_t i = 0; i < size; i++)
        index[i] = EMPTY;
    for (uint32_t i = 0; i < dict->used; i++) {
        uint32_t at = dict->entries[i].hash & (size - 1);
        while (index[at] != EMPTY)
            at = (at + 1) & (size - 1);
        index[at] = i;
    }
    dict->index = index;
    dict->mask = size - 1;
    return true;
}

/* Makes room for one more entry, dropping deleted ones on the way. */
static bool grow(fb_dict *dict, fb_arena *arena)
{
    apr_size_t cap = dict->len < 4 ? 8 : (apr_size_t)dict->len * 2;

    if (cap > FB_VALUE_MAX_LEN / 4)
        return false;
    fb_dict_entry *entries = fb_arena_alloc(arena, cap * sizeof(fb_dict_entry));
    if (entries == NULL)
        return false;
    uint32_t used = 0;
    for (uint32_t i = 0; i < dict->used; i++) {
        if (dict->entries[i].key.tag != FB_ABSENT)
            entries[used++] = dict->entries[i];
    }
    dict->entries = entries;
    dict->used = used;
    dict->cap = (uint32_t)cap;
    dict->index = NULL;
    return cap <= SMALL_DICT || build_index(dict, arena);
}

static apr_status_t set_hashed(fb_dict *dict, fb_value key, uint32_t hash, fb_value v,
                               fb_arena *arena)
{
    uint32_t slot = 0;
    fb_dict_entry *entry = find(dict, key, hash, &slot);

    if (entry != NULL) {
        entry->value = v;
        return APR_SUCCESS;
    }
    if (dict->used == dict->cap) {
        if (!grow(dict, arena))
            return FB_ELIMIT;
    } else if (dict->index == NULL && dict->used == SMALL_DICT && !build_index(dict, arena)) {
        return FB_ELIMIT; /* created with a larger capacity and now outgrowing the small form */
    }
    if (dict->index != NULL) {
        slot = hash & dict->mask;
        while (dict->index[slot] != EMPTY)
            slot = (slot + 1) & dict->mask;
        dict->index[slot] = dict->used;
    }
    dict->entries[dict->used++] = (fb_dict_entry){ key, v, hash };
    dict->len++;
    return APR_SUCCESS;
}

apr_status_t fb_dict_set(fb_dict *dict, fb_value key, fb_value v, fb_arena *arena)
{
    uint32_t hash = 0;

    if (!fb_hash_quiet(key, &hash))
        return FB_EINVALID;
    return set_hashed(dict, key, hash, v, arena);
}

apr_status_t fb_dict_set_str(fb_dict *dict, fb_str key, fb_value v, fb_arena *arena)
{
    return set_hashed(dict, fb_string(key), fb_str_hash(key), v, arena);
}

bool fb_dict_remove(fb_dict *dict, fb_value key)
{
    uint32_t slot = 0;
    uint32_t hash = 0;

    if (dict->len == 0 || !fb_hash_quiet(key, &hash))
        return false;
    fb_dict_entry *entry = find(dict, key, hash, &slot);
    if (entry == NULL)
        return false;
    entry->key = fb_absent(); /* the index keeps pointing here, so that probing goes on */
    dict->len--;
    return true;
}

void fb_dict_clear(fb_dict *dict)
{
    *dict = (fb_dict){ 0 };
}

fb_dict *fb_dict_copy(const fb_dict *dict, fb_arena *arena)
{
    fb_dict *copy = fb_dict_create(arena, dict->len);

    if (copy == NULL)
        return NULL;
    for (uint32_t i = 0; i < dict->used; i++) {
        const fb_dict_entry *entry = &dict->entries[i];
        if (entry->key.tag != FB_ABSENT &&
            set_hashed(copy, entry->key, entry->hash, entry->value, arena) != APR_SUCCESS)
            return NULL;
    }
    return copy;
}
