# Public pages and files: R1, R2, R26, R27, D9-D11, D32, D33, D37, X8, X11, X13; ASVS 3.4, 1.3.1.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(title text flashes field links problems);

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->start(
    env   => { APP_NAME => 'Tea & <Biscuits>' },
    users => [ { email => 'ada@example.org', password => $good, first => 'Ada', last => 'Lovelace' } ]);

# ---- R1 ----
{
    my $reply = $site->client->get('/');
    is($reply->{status}, 200, 'R1 home');
    is($reply->{headers}{'content-type'}, 'text/html; charset=utf-8', 'R1 type and charset');
    is(title($reply->{content}), 'Tea & <Biscuits>', 'R1 title');
    like($reply->{content}, qr/Tea &amp; &lt;Biscuits&gt;/, 'X11 settings are escaped, too');
    is_deeply([ problems($reply->{content}) ], [], 'D32, D33, X13 well-formed, nothing inline, nothing foreign');
    is_deeply([ FlaskbaseTest::Client::set_cookies($reply) ], [], 'X12 no cookie');
    is(links($reply->{content})->{'Log in'}, '/account/login', 'the way in');
    ok(!exists links($reply->{content})->{'Log out'}, 'nothing to log out of');
    ok(!exists links($reply->{content})->{Register}, 'menus show only routes that exist');
    my $csp = $reply->{headers}{'content-security-policy'};
    unlike($csp, qr/unsafe-inline|unsafe-eval|\*|http:/, 'X13 strict policy');
    like($csp, qr/(?:^|; )\Q$_\E(?:;|$)/, "3.4.3 $_") for "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'";
    is($reply->{headers}{'x-content-type-options'}, 'nosniff', 'D37 nosniff');
    ok($reply->{headers}{'referrer-policy'}, 'D37 Referrer-Policy');
    ok($reply->{headers}{'permissions-policy'}, 'D37 Permissions-Policy');

    my $client = $site->client;
    $client->login('ada@example.org', $good);
    my $page = $client->get('/')->{content};
    like($page, qr/Hello, Ada Lovelace!/, 'R1 greets by full name');
    is_deeply([ problems($page) ], [], 'R1 well-formed for somebody logged in');
    unlike($site->client->get('/')->{content}, qr/Ada/, 'X12 and does not greet others by that name');
}

# ---- R2 ----
{
    my $reply = $site->client->get('/about');
    is($reply->{status}, 200, 'R2 about without a row');
    is_deeply([ problems($reply->{content}) ], [], 'R2 well-formed');
    like($reply->{content}, qr/<div class="ui editable text" id="about">\s*<\/div>/, 'R2 empty');
    $site->sql(q{INSERT INTO editable_html (editor_name, value) VALUES ('about',
        '<h2>Who</h2><p>We &amp; <strong>you</strong> <a href="/">home</a></p><script>alert(1)</script><img src=x onerror=alert(2)>')});
    my $page = $site->client->get('/about')->{content};
    like($page, qr{<h2>Who</h2><p>We &amp; <strong>you</strong> <a href="/">home</a></p>}, 'R2 shows what is stored');
    unlike($page, qr/alert|<img/, '1.3.1 but nothing that could act');
    is_deeply([ problems($page) ], [], 'R2 and stays well-formed');
    $site->sql(q{UPDATE editable_html SET value = '</div></main></body><p><b>open' WHERE editor_name = 'about'});
    is_deeply([ problems($site->client->get('/about')->{content}) ], [], 'R2 whatever is stored');
    $site->sql(q{UPDATE editable_html SET value = NULL WHERE editor_name = 'about'});
    is($site->client->get('/about')->{status}, 200, 'R2 a row without value');
}

# ---- R26, D9-D11 ----
{
    for my $path ('/account/nothing', '/admin/user/99', '/account/manage/nothing', '/static/nothing.css') {
        my $reply = $site->client->get($path);
        is($reply->{status}, 404, "D9, D10, D11 $path");
        next if $path =~ /static/;
        like(text($reply->{content}), qr/There is nothing here/, "R26 $path: in the site's layout");
        is_deeply([ problems($reply->{content}) ], [], "R26 $path: well-formed");
        is($reply->{headers}{'x-content-type-options'}, 'nosniff', "3.4 $path: headers on errors, too");
        $reply = $site->client->get($path, accept => 'application/json');
        like($reply->{headers}{'content-type'}, qr{^application/problem\+json}, "R26 $path: a document for scripts");
        like($reply->{content}, qr/"status":\s*404/, "R26 $path: which names the status");
    }
}

# ---- R27 ----
{
    my $page = $site->client->get('/')->{content};
    my @assets = $page =~ /(?:src|href)="([^"]*static[^"]*)"/g;
    cmp_ok(scalar @assets, '>=', 3, 'R27 style, script, icon');
    my %type = (css => qr{^text/css}, js => qr{javascript}, svg => qr{^image/svg\+xml});
    for my $asset (@assets) {
        my $reply = $site->client->get($asset);
        is($reply->{status}, 200, "R27 $asset");
        my ($ending) = $asset =~ /\.(\w+)(?:\?|$)/;
        like($reply->{headers}{'content-type'}, $type{$ending}, "R27 $asset: type");
        is($reply->{headers}{'cache-control'}, 'public, max-age=31536000, immutable', "R27 $asset: for a year");
        is_deeply([ FlaskbaseTest::Client::set_cookies($reply) ], [], "R27 $asset: no cookie");
        is($site->client->get($asset, 'if-none-match' => $reply->{headers}{etag})->{status}, 304, "R27 $asset: 304")
            if $reply->{headers}{etag};
        my $plain = $asset =~ s/[.-][0-9a-f]{8,}(?=\.\w+$)//r;
        isnt($plain, $asset, "R27 $asset: the name holds a hash");
        my $unhashed = $site->client->get($plain);
        is($unhashed->{status}, 200, "R27 $plain: also without it");
        unlike($unhashed->{headers}{'cache-control'} || '', qr/immutable/, "R27 $plain: but not for ever");
        is($unhashed->{content}, $reply->{content}, "R27 $plain: the same bytes");
    }
    for my $path ('/static/', '/static/styles', '/static/../schema/x', '/static/%2e%2e/templates/main/index.html',
        '/static/..%2ftemplates/main/index.html', '/static/styles/app.css/', '/static//etc/passwd') {
        my $reply = $site->client->get($path);
        ok($reply->{status} == 404 || $reply->{status} == 400 || $reply->{status} == 403, "R27 $path opens nothing");
    }
}
$site->stop;
done_testing;
