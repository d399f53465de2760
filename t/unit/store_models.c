/* Roles, users, logins and editable pages in a migrated database (SPEC M1-M6, M10, D26, D39). */
#include "store_unit.h"

/* ---- roles: M1, M4, M5 ---- */

START_TEST(roles_are_seeded_once)
{
    fb_role_list list;
    int added = -1;
    ck_assert_ok(fb_role_seed(&added, db, pool, &error));
    ck_assert_int_eq(added, 0);
    ck_assert_ok(fb_role_list_all(&list, db, pool, &error));
    ck_assert_int_eq(list.count, 2);
    ck_assert_fb_str(list.roles[0].name, "User");
    ck_assert_fb_str(list.roles[0].index, "main");
    ck_assert(list.roles[0].is_default);
    ck_assert_int_eq(list.roles[0].permissions, 1);
    ck_assert_fb_str(list.roles[1].name, "Administrator");
    ck_assert_fb_str(list.roles[1].index, "admin");
    ck_assert(!list.roles[1].is_default);
    ck_assert_int_eq(list.roles[1].permissions, 0xff);

    fb_role *role;
    ck_assert_ok(fb_role_find_default(&role, db, pool, &error));
    ck_assert_fb_str(role->name, "User");
    ck_assert_ok(fb_role_find_by_id(&role, db, list.roles[1].id, pool, &error));
    ck_assert_fb_str(role->name, "Administrator");
    ck_assert_status(fb_role_find_by_id(&role, db, 99, pool, &error), FB_ENOTFOUND);
    ck_assert_status(fb_role_find_by_name(&role, db, FB_STR("user"), pool, &error), FB_ENOTFOUND);
}
END_TEST

START_TEST(permissions_are_bits)
{
    const fb_role user = { .id = 1, .permissions = 0x05 };
    const fb_role admin = { .id = 2, .permissions = 0xff };
    ck_assert(fb_role_can(&user, FB_PERMISSION_GENERAL));
    ck_assert(fb_role_can(&user, 0x04));
    ck_assert(!fb_role_can(&user, 0x02));
    ck_assert(!fb_role_can(&user, 0x06));
    ck_assert(!fb_role_can(&user, FB_PERMISSION_ADMINISTER));
    ck_assert(!fb_role_is_admin(&user));
    ck_assert(fb_role_can(&admin, 0x40000000));
    ck_assert(fb_role_is_admin(&admin));
    ck_assert(!fb_role_can(NULL, 0));
    ck_assert(!fb_role_can(NULL, FB_PERMISSION_GENERAL));
    const fb_role none = { .id = 0, .permissions = 0xff };
    ck_assert(!fb_role_can(&none, FB_PERMISSION_GENERAL));
}
END_TEST

/* ---- users: M2, M6, M10, D26 ---- */

START_TEST(a_user_comes_back_as_it_was_stored)
{
    const apr_int64_t id = store_add_user("Ann.Lee@Example.ORG", "User", "scrypt:1:1:1$a$b");
    const fb_user *user = store_user(id);
    ck_assert_int_eq(user->id, id);
    ck_assert_uint_eq(user->uid.len, FB_USER_UID_LEN);
    ck_assert_fb_str(user->first_name, "Ann");
    ck_assert_fb_str(user->last_name, "Lee");
    ck_assert_fb_str(user->email, "Ann.Lee@Example.ORG");
    ck_assert_fb_str(user->email_canonical, "ann.lee@example.org");
    ck_assert_fb_str(user->password_hash, "scrypt:1:1:1$a$b");
    ck_assert(user->confirmed);
    ck_assert(!user->must_change_password);
    ck_assert(user->created_at == T0);
    ck_assert(user->last_login_at == 0);
    ck_assert_int_eq(user->version, 1);
    ck_assert_fb_str(user->role.name, "User");
    ck_assert_fb_str(fb_user_full_name(user, pool), "Ann Lee");

    fb_user *same;
    ck_assert_ok(fb_user_find_by_uid(&same, db, user->uid, pool, &error));
    ck_assert_int_eq(same->id, id);
    ck_assert_ok(fb_user_find_by_email(&same, db, FB_STR("ANN.LEE@example.org"), pool, &error));
    ck_assert_int_eq(same->id, id);
    ck_assert_status(fb_user_find_by_email(&same, db, FB_STR("ann@example.org"), pool, &error),
                     FB_ENOTFOUND);
    ck_assert_status(fb_user_find_by_email(&same, db, FB_STR("no address"), pool, &error),
                     FB_ENOTFOUND);
    ck_assert_status(fb_user_find_by_id(&same, db, APR_INT64_MAX, pool, &error), FB_ENOTFOUND);
}
END_TEST

START_TEST(an_invited_user_has_no_password)
{
    const fb_user *user = store_user(store_add_user("i@example.org", "User", NULL));
    ck_assert_ptr_null(user->password_hash.ptr);
}
END_TEST

static apr_status_t create(const char *first, const char *last, const char *email,
                           apr_int64_t role_id, apr_int64_t *id)
{
    const fb_user_new fields = {
        .uid = fb_str_printf(pool, "%032x", (unsigned)strlen(email) * 7919U),
        .first_name = fb_str_from(first),
        .last_name = fb_str_from(last),
        .email = fb_str_from(email),
        .role_id = role_id,
    };
    fb_error_init(&error, pool);
    return fb_user_create(id, db, &fields, T0, pool, &error);
}

START_TEST(taken_addresses_are_a_conflict)
{
    apr_int64_t id = 7;
    store_add_user("ann@example.org", "User", NULL);
    ck_assert_status(create("A", "B", "ann@example.org", 1, &id), FB_ECONFLICT);
    ck_assert_int_eq(id, 0);
    ck_assert_str_eq(error.message, "the e-mail address is taken");
    ck_assert_status(create("A", "B", "ANN@EXAMPLE.org", 1, &id), FB_ECONFLICT);
    const apr_int64_t other = store_add_user("bob@example.org", "User", NULL);
    ck_assert_status(fb_user_set_email(db, other, FB_STR("Ann@example.org"), pool, &error),
                     FB_ECONFLICT);
    ck_assert_fb_str(store_user(other)->email, "bob@example.org");
    /* One's own address in other letters is not taken. */
    ck_assert_ok(fb_user_set_email(db, other, FB_STR("Bob@Example.org"), pool, &error));
    ck_assert_fb_str(store_user(other)->email, "Bob@Example.org");
    ck_assert_status(fb_user_set_email(db, 99, FB_STR("x@example.org"), pool, &error),
                     FB_ENOTFOUND);
}
END_TEST

START_TEST(lengths_count_characters)
{
    apr_int64_t id;
    char name[260] = "";
    for (int i = 0; i < 64; i++) {
        memcpy(name + 4 * i, "\xf0\x9d\x94\xb8", 5);
    }
    ck_assert_ok(create(name, "B", "64@example.org", 1, &id));
    memcpy(name + 256, "x", 2);
    ck_assert_status(create(name, "B", "65@example.org", 1, &id), FB_EINVALID);
    ck_assert_status(create("A", name, "66@example.org", 1, &id), FB_EINVALID);
    ck_assert_status(create("", "B", "e@example.org", 1, &id), FB_EINVALID);
    ck_assert_status(create("A", "", "e@example.org", 1, &id), FB_EINVALID);
    ck_assert_status(create("A", "B", "", 1, &id), FB_EINVALID);
    ck_assert_status(create("A\n", "B", "e@example.org", 1, &id), FB_EINVALID);
    ck_assert_status(create("A", "\xff", "e@example.org", 1, &id), FB_EINVALID);
    ck_assert_status(create("A", "B", "e@example.org", 99, &id), FB_EINVALID);
    const char *local = "1234567890123456789012345678901234567890123456789012";
    ck_assert_ok(create("A", "B", apr_pstrcat(pool, local, "@example.org", NULL), 1, &id));
    ck_assert_status(create("A", "B", apr_pstrcat(pool, local, "@example.orgx", NULL), 1, &id),
                     FB_EINVALID);
}
END_TEST

START_TEST(hostile_text_is_data)
{
    static const char *const texts[] = {
        "Robert'); DROP TABLE users;--", "\" OR 1=1 --", "$1", "?1", "%s%n",
        "\\'; DELETE FROM users;",       "NULL"
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        apr_int64_t id;
        fb_user *user;
        const char *email = apr_psprintf(pool, "'; DROP TABLE roles;--%d@example.org", (int)i);
        const fb_user_new fields = {
            .uid = fb_str_printf(pool, "%032d", (int)i),
            .first_name = fb_str_from(texts[i]),
            .last_name = fb_str_from(texts[i]),
            .email = fb_str_from(email),
            .password_hash = fb_str_from(texts[i]),
            .role_id = 1,
        };
        ck_assert_ok(fb_user_create(&id, db, &fields, T0, pool, &error));
        ck_assert_ok(fb_user_find_by_email(&user, db, fb_str_from(email), pool, &error));
        ck_assert(fb_str_eq_z(user->first_name, texts[i]));
        ck_assert(fb_str_eq_z(user->password_hash, texts[i]));
        fb_role *role;
        ck_assert_status(fb_role_find_by_name(&role, db, fb_str_from(texts[i]), pool, &error),
                         FB_ENOTFOUND);
        ck_assert_status(fb_user_find_by_uid(&user, db, fb_str_from(texts[i]), pool, &error),
                         FB_ENOTFOUND);
    }
    apr_int64_t count;
    ck_assert_ok(fb_user_count(&count, db, pool, &error));
    ck_assert_int_eq(count, (int)(sizeof(texts) / sizeof(texts[0])));
}
END_TEST

START_TEST(changes_raise_the_version)
{
    const apr_int64_t id = store_add_user("ann@example.org", "User", "h1");
    apr_int64_t before = store_user(id)->version;
    ck_assert_ok(fb_user_set_name(db, id, FB_STR("Zoë"), FB_STR("Ō"), pool, &error));
    ck_assert_fb_str(store_user(id)->first_name, "Zoë");
    ck_assert_int_gt(store_user(id)->version, before);
    before = store_user(id)->version;
    ck_assert_ok(fb_user_set_password(db, id, FB_STR("h2"), FB_MUST_CHANGE, T0, pool, &error));
    ck_assert(store_user(id)->must_change_password);
    ck_assert_int_gt(store_user(id)->version, before);
    before = store_user(id)->version;
    ck_assert_ok(fb_user_rehash(db, id, FB_STR("other"), FB_STR("h3"), pool, &error));
    ck_assert_fb_str(store_user(id)->password_hash, "h2");
    ck_assert_int_eq(store_user(id)->version, before);
    ck_assert_ok(fb_user_rehash(db, id, FB_STR("h2"), FB_STR("h3"), pool, &error));
    ck_assert_fb_str(store_user(id)->password_hash, "h3");
    ck_assert(store_user(id)->must_change_password);
    ck_assert_ok(fb_user_logged_in(db, id, T0 + 1, pool, &error));
    ck_assert(store_user(id)->last_login_at == T0);
    ck_assert_status(fb_user_set_name(db, 99, FB_STR("A"), FB_STR("B"), pool, &error),
                     FB_ENOTFOUND);
    ck_assert_status(fb_user_confirm(db, 99, pool, &error), FB_ENOTFOUND);
    ck_assert_status(fb_user_set_password(db, id, FB_STR(""), FB_MUST_CHANGE, T0, pool, &error),
                     FB_EINVALID);
}
END_TEST

START_TEST(an_id_is_never_used_again)
{
    const apr_int64_t first = store_add_user("a@example.org", "User", NULL);
    ck_assert_ok(fb_user_delete(db, first, pool, &error));
    ck_assert_status(fb_user_delete(db, first, pool, &error), FB_ENOTFOUND);
    ck_assert_int_gt(store_add_user("a@example.org", "User", NULL), first);
}
END_TEST

/* ---- the last administrator: D39 ---- */

static apr_int64_t role_id(const char *name)
{
    fb_role *role;
    ck_assert_ok(fb_role_find_by_name(&role, db, fb_str_from(name), pool, &error));
    return role->id;
}

START_TEST(the_last_administrator_stays)
{
    const apr_int64_t user_role = role_id("User");
    const apr_int64_t one = store_add_user("one@example.org", "Administrator", "h");
    ck_assert_status(fb_user_set_role(db, one, user_role, pool, &error), FB_EDENIED);
    ck_assert_status(fb_user_delete(db, one, pool, &error), FB_EDENIED);
    ck_assert(fb_role_is_admin(&store_user(one)->role));
    ck_assert_ok(fb_user_set_role(db, one, role_id("Administrator"), pool, &error));

    const apr_int64_t two = store_add_user("two@example.org", "Administrator", "h");
    ck_assert_ok(fb_user_set_role(db, one, user_role, pool, &error));
    ck_assert_status(fb_user_set_role(db, two, user_role, pool, &error), FB_EDENIED);
    ck_assert_ok(fb_user_set_role(db, one, role_id("Administrator"), pool, &error));
    ck_assert_ok(fb_user_delete(db, two, pool, &error));
    ck_assert_status(fb_user_set_role(db, 99, user_role, pool, &error), FB_ENOTFOUND);
    ck_assert_status(fb_user_set_role(db, one, 99, pool, &error), FB_EINVALID);
}
END_TEST

START_TEST(an_administrator_who_can_not_act_does_not_count)
{
    const apr_int64_t one = store_add_user("one@example.org", "Administrator", "h");
    const apr_int64_t invited = store_add_user("two@example.org", "Administrator", NULL);
    ck_assert_status(fb_user_delete(db, one, pool, &error), FB_EDENIED);
    ck_assert_ok(fb_user_delete(db, invited, pool, &error));
}
END_TEST

/* ---- logins ---- */

static const fb_login_limits limits = { apr_time_from_sec(1800), apr_time_from_sec(43200),
                                        apr_time_from_sec(31536000) };

static fb_str key(char c)
{
    char *bytes = apr_palloc(pool, FB_LOGIN_HASH_LEN);
    memset(bytes, c, FB_LOGIN_HASH_LEN);
    bytes[3] = '\0'; /* bytes, not text */
    return fb_str_from_len(bytes, FB_LOGIN_HASH_LEN);
}

static apr_int64_t log_in(apr_int64_t user_id, char c, bool remember)
{
    apr_int64_t id = 0;
    const fb_login_new fields = { key(c), store_user(user_id)->uid, remember,
                                  FB_STR_INIT("192.0.2.0/24"), FB_STR_INIT("Firefox") };
    ck_assert_ok(fb_login_create(&id, db, &fields, &limits, T0, pool, &error));
    return id;
}

START_TEST(one_query_brings_login_user_and_role)
{
    const apr_int64_t user_id = store_add_user("ann@example.org", "Administrator", "h");
    const apr_int64_t id = log_in(user_id, 'a', false);
    fb_identity *who;
    ck_assert_ok(fb_login_load(&who, db, key('a'), T0, pool, &error));
    ck_assert_int_eq(who->login.id, id);
    ck_assert(fb_str_eq(who->login.key_hash, key('a')));
    ck_assert(who->login.created_at == T0 && who->login.started_at == T0);
    ck_assert(who->login.last_seen_at == T0 && who->login.authenticated_at == T0);
    ck_assert(who->login.expires_at == T0 + limits.absolute);
    ck_assert(!who->login.remember);
    ck_assert_fb_str(who->login.client_net, "192.0.2.0/24");
    ck_assert_fb_str(who->login.ua_family, "Firefox");
    ck_assert_int_eq(who->user.id, user_id);
    ck_assert_fb_str(who->user.role.index, "admin");

    const apr_int64_t version = who->version;
    const apr_int64_t other = store_add_user("bob@example.org", "Administrator", "h");
    ck_assert_ok(fb_user_set_role(db, user_id, role_id("User"), pool, &error));
    ck_assert_ok(fb_login_load(&who, db, key('a'), T0, pool, &error));
    ck_assert_int_gt(who->version, version);
    ck_assert(!fb_role_is_admin(&who->user.role));

    ck_assert_status(fb_login_load(&who, db, key('b'), T0, pool, &error), FB_ENOTFOUND);
    ck_assert_status(fb_login_load(&who, db, key('a'), T0 + limits.absolute, pool, &error),
                     FB_ENOTFOUND);
    ck_assert_ok(fb_user_delete(db, user_id, pool, &error));
    ck_assert_status(fb_login_load(&who, db, key('a'), T0, pool, &error), FB_ENOTFOUND);
    ck_assert_int_gt(other, 0);
}
END_TEST

START_TEST(a_login_needs_its_user)
{
    apr_int64_t id = 0;
    const fb_login_new fields = { key('a'), FB_STR_INIT("nobody"), false, FB_STR_INIT(""),
                                  FB_STR_INIT("") };
    ck_assert_status(fb_login_create(&id, db, &fields, &limits, T0, pool, &error), FB_EINVALID);
    const fb_login_new shortened = { FB_STR_INIT("short"), FB_STR_INIT("nobody"), false,
                                     FB_STR_INIT(""), FB_STR_INIT("") };
    ck_assert_status(fb_login_create(&id, db, &shortened, &limits, T0, pool, &error), FB_EINTERNAL);
}
END_TEST

START_TEST(seen_is_written_once_a_minute)
{
    const apr_int64_t user_id = store_add_user("ann@example.org", "User", "h");
    fb_identity *who;
    log_in(user_id, 'a', true);
    ck_assert_ok(fb_login_load(&who, db, key('a'), T0, pool, &error));
    ck_assert_ok(fb_login_seen(db, &who->login, &limits, T0 + apr_time_from_sec(59), pool, &error));
    ck_assert_ok(fb_login_load(&who, db, key('a'), T0, pool, &error));
    ck_assert(who->login.last_seen_at == T0);
    ck_assert_ok(fb_login_seen(db, &who->login, &limits, T0 + apr_time_from_sec(60), pool, &error));
    ck_assert_ok(fb_login_load(&who, db, key('a'), T0, pool, &error));
    ck_assert(who->login.last_seen_at == T0 + apr_time_from_sec(60));
    ck_assert(who->login.expires_at == T0 + apr_time_from_sec(60) + limits.remember);
}
END_TEST

START_TEST(states_follow_the_limits)
{
    fb_login login = { .started_at = T0, .last_seen_at = T0, .expires_at = T0 + limits.absolute };
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 + limits.idle - 1), FB_LOGIN_LIVE);
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 + limits.idle), FB_LOGIN_EXPIRED);
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 - limits.idle + 1), FB_LOGIN_LIVE);
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 - limits.idle), FB_LOGIN_EXPIRED);
    login.remember = true;
    login.expires_at = T0 + limits.remember;
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 + limits.idle), FB_LOGIN_RENEWABLE);
    login.last_seen_at = T0 + limits.absolute - 1;
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 + limits.absolute - 1), FB_LOGIN_LIVE);
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 + limits.absolute), FB_LOGIN_RENEWABLE);
    ck_assert_int_eq(fb_login_state_at(&login, &limits, T0 + limits.remember), FB_LOGIN_EXPIRED);
}
END_TEST

START_TEST(a_remembered_login_renews_unfresh_and_rotates_fresh)
{
    const apr_int64_t user_id = store_add_user("ann@example.org", "User", "h");
    fb_identity *who;
    log_in(user_id, 'a', true);
    ck_assert_ok(fb_login_load(&who, db, key('a'), T0, pool, &error));
    const apr_time_t later = T0 + apr_time_from_sec(7200);
    ck_assert_ok(fb_login_renew(db, &who->login, &limits, later, pool, &error));
    ck_assert_ok(fb_login_load(&who, db, key('a'), later, pool, &error));
    ck_assert(who->login.authenticated_at == 0);
    ck_assert(who->login.started_at == later && who->login.created_at == T0);
    ck_assert_int_eq(fb_login_state_at(&who->login, &limits, later), FB_LOGIN_LIVE);

    ck_assert_ok(fb_login_rotate(db, &who->login, key('b'), &limits, later, pool, &error));
    ck_assert_status(fb_login_load(&who, db, key('a'), later, pool, &error), FB_ENOTFOUND);
    ck_assert_ok(fb_login_load(&who, db, key('b'), later, pool, &error));
    ck_assert(who->login.authenticated_at == later);
    ck_assert_ok(fb_login_unfresh(db, &who->login, pool, &error));
    ck_assert_ok(fb_login_load(&who, db, key('b'), later, pool, &error));
    ck_assert(who->login.authenticated_at == 0);

    /* A login that ended meanwhile neither renews nor rotates. */
    ck_assert_ok(fb_login_end(db, who->user.uid, who->login.id, "logout", later, pool, &error));
    ck_assert_status(fb_login_renew(db, &who->login, &limits, later, pool, &error), FB_ENOTFOUND);
    ck_assert_status(fb_login_rotate(db, &who->login, key('c'), &limits, later, pool, &error),
                     FB_ENOTFOUND);
}
END_TEST

START_TEST(logins_end_one_by_one_and_all)
{
    const apr_int64_t ann = store_add_user("ann@example.org", "User", "h");
    const apr_int64_t bob = store_add_user("bob@example.org", "User", "h");
    const fb_str ann_uid = store_user(ann)->uid;
    const apr_int64_t first = log_in(ann, 'a', false);
    const apr_int64_t second = log_in(ann, 'b', true);
    log_in(ann, 'c', false);
    const apr_int64_t bobs = log_in(bob, 'd', false);
    fb_identity *who;
    fb_login_list list;
    apr_int64_t ended = 0;

    ck_assert_ok(fb_login_list_of(&list, db, ann_uid, T0, pool, &error));
    ck_assert_int_eq(list.count, 3);
    ck_assert_status(fb_login_end(db, ann_uid, bobs, "ended", T0, pool, &error), FB_ENOTFOUND);
    ck_assert_ok(fb_login_end(db, ann_uid, first, "logout", T0, pool, &error));
    ck_assert_status(fb_login_end(db, ann_uid, first, "logout", T0, pool, &error), FB_ENOTFOUND);
    ck_assert_status(fb_login_load(&who, db, key('a'), T0, pool, &error), FB_ENOTFOUND);
    ck_assert_ok(fb_login_end_all(&ended, db, ann_uid, second, "password", T0, pool, &error));
    ck_assert_int_eq(ended, 1);
    ck_assert_ok(fb_login_load(&who, db, key('b'), T0, pool, &error));
    ck_assert_ok(fb_login_end_all(&ended, db, ann_uid, 0, "password", T0, pool, &error));
    ck_assert_int_eq(ended, 1);
    ck_assert_ok(fb_login_list_of(&list, db, ann_uid, T0, pool, &error));
    ck_assert_int_eq(list.count, 0);
    ck_assert_ok(fb_login_load(&who, db, key('d'), T0, pool, &error));

    ck_assert_ok(fb_login_purge(&ended, db, T0 + apr_time_from_sec(1), pool, &error));
    ck_assert_int_eq(ended, 3);
    ck_assert_ok(fb_login_load(&who, db, key('d'), T0, pool, &error));
}
END_TEST

/* ---- editable pages: M3, R25 ---- */

START_TEST(pages_are_saved_against_their_version)
{
    fb_editable *page;
    fb_editable_list list;
    apr_int64_t version = 0;
    const fb_str about = FB_STR("about");
    ck_assert_status(fb_editable_find(&page, db, about, pool, &error), FB_ENOTFOUND);
    ck_assert_ok(fb_editable_save(&version, db, about, FB_STR("<p>1</p>"), 0, T0, pool, &error));
    ck_assert_int_eq(version, 1);
    ck_assert_status(fb_editable_save(&version, db, about, FB_STR("<p>x</p>"), 0, T0, pool, &error),
                     FB_ECONFLICT);
    ck_assert_ok(fb_editable_save(&version, db, about, FB_STR(""), 1, T0, pool, &error));
    ck_assert_int_eq(version, 2);
    ck_assert_status(fb_editable_save(&version, db, about, FB_STR("<p>x</p>"), 1, T0, pool, &error),
                     FB_ECONFLICT);
    ck_assert_ok(fb_editable_find(&page, db, about, pool, &error));
    ck_assert_fb_str(page->value, "");
    ck_assert_ptr_nonnull(page->value.ptr);
    ck_assert_int_eq(page->version, 2);
    ck_assert(page->updated_at == T0);
    ck_assert_ok(fb_editable_list_all(&list, db, pool, &error));
    ck_assert_int_eq(list.count, 1);
    ck_assert_fb_str(list.editables[0].editor_name, "about");
    ck_assert_status(fb_editable_save(&version, db, FB_STR(""), about, 0, T0, pool, &error),
                     FB_EINVALID);
}
END_TEST

static void add(TCase *tests)
{
    tcase_add_test(tests, roles_are_seeded_once);
    tcase_add_test(tests, permissions_are_bits);
    tcase_add_test(tests, a_user_comes_back_as_it_was_stored);
    tcase_add_test(tests, an_invited_user_has_no_password);
    tcase_add_test(tests, taken_addresses_are_a_conflict);
    tcase_add_test(tests, lengths_count_characters);
    tcase_add_test(tests, hostile_text_is_data);
    tcase_add_test(tests, changes_raise_the_version);
    tcase_add_test(tests, an_id_is_never_used_again);
    tcase_add_test(tests, the_last_administrator_stays);
    tcase_add_test(tests, an_administrator_who_can_not_act_does_not_count);
    tcase_add_test(tests, one_query_brings_login_user_and_role);
    tcase_add_test(tests, a_login_needs_its_user);
    tcase_add_test(tests, seen_is_written_once_a_minute);
    tcase_add_test(tests, states_follow_the_limits);
    tcase_add_test(tests, a_remembered_login_renews_unfresh_and_rotates_fresh);
    tcase_add_test(tests, logins_end_one_by_one_and_all);
    tcase_add_test(tests, pages_are_saved_against_their_version);
}

int main(void)
{
    return store_main("store_models", add, store_setup, STORE_EACH_ENGINE);
}
