/* From settings to a site that can serve. */
#include "app/setup.h"

#include "app/app.h"

#include <apr_strings.h>

#include "base/banned.h"

static apr_status_t add_folders(fb_env *env, const fb_settings *settings, fb_error *error)
{
    const apr_array_header_t *own = fb_settings_list(settings, FB_SET_TEMPLATE_DIRS);
    const char *packaged = fb_settings_paths(settings)->templates;
    apr_status_t status;

    for (int i = 0; i < own->nelts; i++) {
        status = fb_env_add_dir(env, APR_ARRAY_IDX(own, i, const char *), "", error);
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    status = fb_env_add_dir(env, packaged, "", error);
    if (status != APR_SUCCESS) {
        return status;
    }
    /* A site's template can extend the packaged one of the same name. */
    return fb_env_add_dir(env, packaged, "flaskbase/", error);
}

static apr_status_t add_sources(fb_env *env, const fb_app_templates *templates, fb_error *error)
{
    for (apr_size_t i = 0; i < templates->source_count; i++) {
        const fb_app_source *source = &templates->sources[i];
        apr_status_t status = fb_env_add_source(env, source->name, source->text, error);

        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

static void set_limits(fb_limits *limits, const fb_settings *settings)
{
    limits->call_depth = (unsigned)fb_settings_int(settings, FB_SET_TEMPLATE_DEPTH);
    limits->include_depth = (unsigned)fb_settings_int(settings, FB_SET_TEMPLATE_NESTING);
    limits->instructions = (uint64_t)fb_settings_int(settings, FB_SET_TEMPLATE_STEPS);
    limits->output = (apr_size_t)fb_settings_int(settings, FB_SET_TEMPLATE_OUTPUT);
    limits->memory = (apr_size_t)fb_settings_int(settings, FB_SET_TEMPLATE_MEMORY);
}

apr_status_t fb_app_env_create(fb_env **env, const fb_settings *settings,
                               const fb_app_templates *templates, apr_pool_t *pool, fb_error *error)
{
    fb_env_options options;
    apr_pool_t *scratch;
    apr_status_t status;

    *env = NULL;
    fb_env_options_init(&options);
    set_limits(&options.limits, settings);
    status = fb_env_create(env, &options, pool, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = fb_site_prepare_env(*env);
    if (status != APR_SUCCESS) {
        return fb_error_set(error, status, "the functions of templates could not be set up");
    }
    status = templates->sources != NULL ? add_sources(*env, templates, error)
                                        : add_folders(*env, settings, error);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_pool_create(&scratch, pool);
    if (status != APR_SUCCESS) {
        return fb_error_set_os(error, status, "no memory for compiling templates");
    }
    status = fb_env_compile(*env, templates->report, templates->baton, scratch, error);
    apr_pool_destroy(scratch);
    return status;
}

static apr_status_t make_keys(const fb_crypto **crypto_out, fb_keyring **ring,
                              const fb_settings *settings, apr_pool_t *pool, fb_error *error)
{
    const apr_array_header_t *old = fb_settings_list(settings, FB_SET_SECRET_KEY_OLD);
    fb_str retired[FB_KEYRING_RETIRED_MAX];
    apr_size_t count = 0;
    fb_crypto *crypto;
    apr_status_t status = fb_crypto_create(&crypto, pool, error);

    if (status != APR_SUCCESS) {
        return status;
    }
    *crypto_out = crypto;
    for (int i = 0; i < old->nelts && count < FB_KEYRING_RETIRED_MAX; i++) {
        retired[count++] = fb_str_from(APR_ARRAY_IDX(old, i, const char *));
    }
    return fb_keyring_create(ring, crypto,
                             fb_str_from(fb_settings_text(settings, FB_SET_SECRET_KEY)), retired,
                             count, fb_str_from(fb_settings_paths(settings)->site), pool, error);
}

apr_status_t fb_app_site_create(fb_site **out, const fb_settings *settings, const fb_env *env,
                                const char *const *hosts, apr_size_t host_count,
                                const fb_file_owner *counters, apr_pool_t *pool, fb_error *error)
{
    fb_site_config config;
    fb_keyring *ring;
    fb_site_parts parts = {
        .config = &config,
        .settings = settings,
        .templates = env,
        .blueprints = fb_app_blueprints,
        .blueprint_count = fb_app_blueprint_count,
    };
    apr_status_t status = make_keys(&parts.crypto, &ring, settings, pool, error);

    if (status != APR_SUCCESS) {
        return status;
    }
    parts.keyring = ring;
    fb_site_config_load(&config, settings, hosts, host_count, pool);
    if (counters != NULL) {
        config.counters_owner = *counters;
    } else {
        config.counters_file = NULL;
    }
    return fb_site_create(out, &parts, pool, error);
}
