# A site's own templates on the packaged ones: T1-T8, T7 in particular.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(title text flashes field links problems);

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->start(
    env       => { APP_NAME => 'Tea' },
    users     => [
        { email => 'ada@example.org', password => $good, first => 'Ada', last => 'Lovelace' },
        { email => 'root@example.org', password => $good, role => 'Administrator' },
    ],
    templates => {
        'main/index.html' => <<'PAGE',
{% extends 'layouts/base.html' %}
{% import 'macros/nav_macros.html' as menu %}
{% set dropdown = [
  ('Docs', [('main.about', 'About us', 'home'), ('More', [('account.login', 'Sign in here', '')]), ('no.such', 'Gone', '')]),
  ('main.index', 'Home one', 'home')
] %}
{% block page_title %}Own {{ config.APP_NAME }}{% endblock %}
{% block custom_head_tags %}<meta name="own" content="{{ 'a"b' }}">{% endblock %}
{% block nav %}{{ menu.render_nav(current_user, dropdown) }}{% endblock %}
{% block content %}
<h1>Own</h1>
<pre id="facts">
auth: {{ current_user.is_authenticated }} {{ current_user.is_authenticated() }} {{ 'in' if current_user.is_authenticated else 'out' }}
user: {{ current_user.full_name() if current_user.is_authenticated }} {{ current_user.email }} {{ current_user.confirmed }} {{ current_user.role.name if current_user.is_authenticated }}
can: {{ current_user.can(1) }} {{ current_user.can(2) }} {{ current_user.is_admin() }}
hidden: {{ current_user.password_hash is defined }} {{ config.SECRET_KEY is defined }} {{ config.DATABASE_URL is defined }}
request: {{ request.endpoint }} {{ request.path }} {{ request.args.get('q', 'none') }} {{ request.args.q }} {{ request.method }}
url: {{ url_for('account.login', next='/a b&c') }} {{ url_for('main.about', _anchor='top') }}
external: {{ url_for('main.about', _external=True) }}
config: {{ config.APP_NAME }} {{ config['APP_NAME'] }} {{ config.get('NOPE', 'default') }}
tests: {{ 1 is equalto 1 }} {{ ['a', 'b'] | select('equalto', 'b') | list }}
index: {{ index_for_role(current_user.role) if current_user.is_authenticated }}
endpoint: {{ has_endpoint('main.about') }} {{ has_endpoint('no.such') }}
text: {{ _('Hello, %(name)s!', name='<b>') }}
</pre>
{% assets "app_css" %}<link rel="stylesheet" data-bundle href="{{ ASSET_URL }}">{% endassets %}
{% endblock %}
PAGE
        'account/login.html' => <<'PAGE',
{% extends 'layouts/base.html' %}
{% import 'macros/form_macros.html' as f %}
{% block content %}
{% set flashes = {
  'error': get_flashed_messages(category_filter=['form-error']),
  'warning': get_flashed_messages(category_filter=['form-check-email']),
  'info': get_flashed_messages(category_filter=['form-info']),
  'success': get_flashed_messages(category_filter=['form-success'])
} %}
{{ f.begin_form(form, flashes, extra_classes='two & three', enctype='multipart/form-data') }}
{{ f.render_form_field(form.email, extra_classes='inline', placeholder='you@example.org', data_kind="<x>", autofocus=true) }}
{{ f.render_form_field(form.password) }}
{{ f.form_message(flashes['error'], header='Something went wrong.', class='error') }}
{{ f.form_message(['one', '<two>'], header='Information', class='info') }}
{{ f.form_message([], header='Nothing') }}
{{ f.render_form_field(form.submit) }}
{{ f.end_form(form) }}
<p id="facts">{{ form.errors | length }} {{ form.email.data }} {{ form.email.label.text }} {{ form.email.type }}
{{ form.email.widget.input_type }} {{ form.nothing is defined }} {{ form | map(attribute='name') | join(',') }}
{% for field in form if is_hidden_field(field) %}[{{ field.name }}]{% endfor %}</p>
{% endblock %}
PAGE
        'own/layout.html' => "{# nobody extends it #}",
    });

sub facts {
    my ($page) = @_;
    my ($facts) = $page =~ /<(?:pre|p) id="facts">(.*?)<\/(?:pre|p)>/s;
    my %found = $facts =~ /^(\w+): ?(.*?)\s*$/mg;
    return \%found;
}

# ---- anonymous ----
{
    my $page = $site->client->get('/?q=a%26b')->{content};
    is_deeply([ problems($page) ], [], 'T1 an own page on the packaged layout is well-formed');
    is(title($page), 'Own Tea', 'T1 page_title, D32');
    like($page, qr/<head>.*<meta name="own" content="a&#34;b">.*<\/head>/s, 'T1 custom_head_tags');
    my $facts = facts($page);
    is($facts->{auth}, 'False False out', 'T6, T8 is_authenticated is a boolean that may be called');
    is($facts->{user}, '', 'T6 nobody has no name');
    is($facts->{can}, 'False False False', 'M4 nobody can nothing');
    is($facts->{hidden}, 'False False False', 'T8 nothing but the tables of attributes is visible');
    is($facts->{request}, 'main.index / a&amp;b a&amp;b GET', 'T6 request');
    is($facts->{url}, '/account/login?next=%2Fa+b%26c /about#top', 'T6 url_for')
        or diag $facts->{url};
    is($facts->{external}, $site->url . '/about', 'T6 url_for, _external');
    is($facts->{config}, 'Tea Tea default', 'T6 config');
    is($facts->{tests}, 'True [&#39;b&#39;]', 'T6 equalto');
    is($facts->{endpoint}, 'True False', 'has_endpoint');
    is($facts->{text}, 'Hello, &lt;b&gt;!', '_() escapes what it is given');
    my ($bundle) = $page =~ /data-bundle href="([^"]*)"/;
    is($site->client->get($bundle)->{status}, 200, 'T6 {% assets %} gives the address of a bundle');

    my $links = links($page);
    is($links->{'About us'}, '/about', 'T4 an item of a dropdown');
    is($links->{'Sign in here'}, '/account/login', 'T4 of a nested one');
    is($links->{'Home one'}, '/', 'T4 and a plain item beside it');
    ok(!exists $links->{Gone}, 'T4 items without a route are left out');
    like($page, qr/<nav class="ui desktop [^>]*>.*<nav class="ui mobile /s, 'T4 for wide screens and for phones');
    like($page, qr/<details class="ui dropdown item"[^>]*>\s*<summary>Docs/, 'T4, X13 dropdowns open without JavaScript');
    like($page, qr/class="item active" href="\/" aria-current="page"/, 'T4 the current page is marked');
}

# ---- logged in, through an own form ----
{
    my $client = $site->client;
    my $page   = $client->get('/account/login')->{content};
    is_deeply([ problems($page) ], [], 'T3 an own form is well-formed');
    like($page, qr/<form action="" method="POST" enctype="multipart\/form-data" class="ui form two &amp; three">/, 'T3 begin_form');
    like($page, qr/<div hidden>.*name="csrf_token".*<\/div>/s, 'T3 hidden fields are hidden');
    my $email = field($page, 'email');
    is($email->{placeholder}, 'you@example.org', 'T8 keywords become attributes');
    is($email->{'data-kind'}, '<x>', 'T8 data_ and escaping');
    ok(exists $email->{autofocus}, 'T8 a bare attribute');
    like($page, qr/<div class="field inline">/, 'T3 extra classes of a field');
    like($page, qr/<div class="ui info message">\s*<div class="header">Information<\/div>\s*<ul class="list">\s*<li>one<\/li>\s*<li>&lt;two&gt;<\/li>/, 'T3 form_message');
    unlike($page, qr/Nothing<\/div>/, 'T3 no message, no box');
    my ($facts) = $page =~ /<p id="facts">(.*?)<\/p>/s;
    $facts = text($facts);
    like($facts, qr/^0 (?:None )?Email EmailField email False /, 'T8 a form as macros of WTForms expect it') or diag $facts;
    like($facts, qr/email,password,remember_me,submit/, 'T8 its fields in order') or diag $facts;
    like($facts, qr/\[csrf_token\]/, 'T6 is_hidden_field') or diag $facts;

    my $reply = $client->login('ada@example.org', 'wrong password 1');
    like($reply->{content}, qr/class="ui form error two &amp; three"/, 'T3 the form says that it has an error');
    is_deeply([ grep { /^error/ } flashes($reply->{content}) ], ['error: Invalid email or password.'], 'X10 its message is inside, once');

    # multipart, since the form says so.
    my $token = FlaskbaseTest::Client::token($reply->{content});
    my $body  = join '', map { "--x\r\nContent-Disposition: form-data; name=\"$_->[0]\"\r\n\r\n$_->[1]\r\n" }
        [ csrf_token => $token ], [ email => 'ada@example.org' ], [ password => $good ];
    $reply = $client->request('POST', '/account/login', content => "$body--x--\r\n",
        headers => { 'content-type' => 'multipart/form-data; boundary=x' });
    is($reply->{status}, 303, 'T3 multipart forms are read');

    my $facts_in = facts($client->get('/')->{content});
    is($facts_in->{auth}, 'True True in', 'T6 logged in');
    is($facts_in->{user}, 'Ada Lovelace ada@example.org True User', 'T6 current_user');
    is($facts_in->{can}, 'True False False', 'M4 what a user can');
    is($facts_in->{hidden}, 'False False False', 'T8 the hash of the password is not visible');
    is($facts_in->{index}, '/', 'T6 index_for_role');
    my $root = $site->client;
    $root->login('root@example.org', $good);
    my $facts_root = facts($root->get('/')->{content});
    is($facts_root->{can}, 'True True True', 'M4 administrators can everything');
    is($facts_root->{index}, '/admin/', 'T6 index_for_role');
}
$site->stop;
done_testing;
