# Headers and cookies of every reply (X12, X13, X15; ASVS V3.3, V3.4, V4.1; D37), on every status.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(text problems);

my $good = 'correct horse 7 staple';
my $site = FlaskbaseTest->start(
    users  => [ { email => 'ada@example.org', password => $good } ],
    htdocs => { 'file.txt' => "x\n" },
    env    => { LOGIN_LIMIT_ACCOUNT => '3/15m' },
    # Pages that fail when half of them is written: by an error, and by one limit after another.
    templates => {
        'account/manage.html'      => "HALF{% set n = none %}{{ n.no.such }}",
        'account/reauthenticate.html' => "HALF{% for a in range(99999) %}{% for b in range(99999) %}"
            . "{% endfor %}{% endfor %}",
        'account/logout.html' => "HALF{% set t = 'x' * 900000 %}{% for a in range(400) %}{{ t }}{% endfor %}",
    },
);
my $client = $site->client;
my $ada    = $site->client;

# [ name, status, request ]
my @table = (
    [ 'home',          200, sub { $client->get('/') } ],
    [ 'about',         200, sub { $client->get('/about') } ],
    [ 'form',          200, sub { $client->get('/account/login') } ],
    [ 'asset missing', 404, sub { $client->get('/static/none.css') } ],
    [ 'redirect',      302, sub { $client->get('/account/manage') } ],
    [ 'slash',         308, sub { $client->get('/admin') } ],
    [ 'no token',      400, sub { $client->post('/account/login', { email => 'x' }) } ],
    [ 'JSON login',    401, sub { $client->get('/account/manage', accept => 'application/json') } ],
    [ 'unknown',       404, sub { $client->get('/account/none') } ],
    [ 'other content', 404, sub { $client->get('/none.txt') } ],
    [ 'method',        405, sub { $client->request('PUT', '/about') } ],
    [ 'too large',     413, sub { $client->post('/account/login', 'a=' . 'x' x 2_000_000) } ],
    [ 'media type',    415, sub { $client->request('POST', '/account/login', content => '{}',
                headers => { 'content-type' => 'application/json' }) } ],
    [ 'host',          421, sub { $site->raw_reply("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n") } ],
);
# These in order: a login, what only it may see, one attempt too many, and an old schema at last.
push @table, (
    [ 'login',         303, sub { $ada->login('ada@example.org', $good) } ],
    [ 'forbidden',     403, sub { $ada->get('/admin/') } ],
    [ 'failing page',  500, sub { $ada->get('/account/manage') } ],
    [ 'failing JSON',  500, sub { $ada->get('/account/manage', accept => 'application/json') } ],
    [ 'endless page',  500, sub { $ada->get('/account/reauthenticate') } ],
    [ 'page too large', 500, sub { $ada->get('/account/logout') } ],
    [ 'throttled',     429, sub { $client->login('nobody@example.org', "wrong $_") for 1 .. 3;
                $client->login('nobody@example.org', 'wrong') } ],
    [ 'not modified',  304, sub { my $fresh = $site->client;
                $fresh->get('/', 'if-none-match' => $fresh->get('/')->{headers}{etag}) } ],
    [ 'old schema',    503, sub { $site->cli_ok('db', 'downgrade'); $ada->get('/account/manage') } ],
    [ 'old schema, JSON', 503, sub { $ada->get('/account/manage', accept => 'application/json') } ],
);
$site->expect_log(qr/\[flaskbase:error\]/);
for my $row (@table) {
    my ($name, $status, $ask) = @$row;
    my $reply = $ask->();
    my $h     = $reply->{headers};
    is($reply->{status}, $status, "$name: $status") or diag $reply->{content};
    is($h->{'x-content-type-options'}, 'nosniff', "$name: V3.4.4 nosniff");
    my $csp = $h->{'content-security-policy'} || '';
    like($csp, qr/object-src 'none'/,      "$name: V3.4.3 object-src");
    like($csp, qr/base-uri 'none'/,        "$name: V3.4.3 base-uri");
    like($csp, qr/frame-ancestors 'none'/, "$name: V3.4.6 frame-ancestors");
    unlike($csp, qr/unsafe-(?:inline|eval)/, "$name: X13 no unsafe-inline");
    like($h->{'referrer-policy'} || '', qr/^(?:no-referrer|same-origin|strict-origin[a-z-]*)$/,
        "$name: V3.4.5 Referrer-Policy");
    is($h->{'cross-origin-opener-policy'},   'same-origin', "$name: V3.4.8 COOP");
    is($h->{'cross-origin-resource-policy'}, 'same-origin', "$name: V3.5.8 CORP");
    ok($h->{'permissions-policy'}, "$name: D37 Permissions-Policy");
    like($h->{vary} || '', qr/\bCookie\b/i, "$name: X12 Vary: Cookie");
    ok(!ref $h->{$_}, "$name: $_ only once")
        for qw(content-security-policy x-content-type-options referrer-policy cache-control);
    like($h->{'content-type'} || '', qr/; charset=utf-8$/i, "$name: V4.1.1 charset")
        if $status !~ /^30[2348]$/ && ($h->{"content-type"} || "") !~ m{json}; # JSON is UTF-8 by itself
    unlike(join("\n", %$h), qr/x-powered-by/i, "$name: nothing about the implementation");
    unlike($reply->{content}, qr/<script(?![^>]*\bsrc=)[^>]*>\s*\S|\son[a-z]+="|\sstyle="|javascript:/i,
        "$name: X13 no inline script or style");
    next if $status < 500;
    like($h->{'cache-control'}, qr/no-store/, "$name: X12 no-store");
    unlike($reply->{content}, qr/HALF|none|attribute|schema|limit|memory/i, "$name: X15 nothing of the failed page, nor why");
    my ($incident) = $name =~ /JSON/
        ? $reply->{content} =~ /"incident": ?"([0-9a-f]{12})"/
        : text($reply->{content}) =~ /please quote this number: ([0-9a-f]{12})\b/;
    ok($incident, "$name: X15 an incident id") or diag $reply->{content};
    my @lines = grep { defined $incident && /\Q$incident\E/ } split /\n/, $site->error_log;
    is(scalar @lines, 1, "$name: X15 which stands in the log");
    next if $name =~ /JSON/;
    is_deeply([ problems($reply->{content}) ], [], "$name: X15 a whole page");
    like($reply->{content}, qr/<nav\b/, "$name: X15 in the site's layout");
}
$site->cli_ok('db', 'upgrade');
is($site->client->login('ada@example.org', $good)->{status}, 303, 'and all is well again');

# Anonymous pages without a form: no cookie, cacheable.
{
    my $fresh = $site->client;
    for my $path ('/', '/about') {
        my $reply = $fresh->get($path);
        is_deeply([ FlaskbaseTest::Client::set_cookies($reply) ], [], "X12 $path sets no cookie");
        my $etag = $reply->{headers}{etag};
        ok($etag, "X12 $path has an ETag");
        unlike($reply->{headers}{'cache-control'} || '', qr/no-store/, "X12 $path is cacheable");
        my $again = $fresh->get($path, 'if-none-match' => $etag);
        is($again->{status}, 304, 'X12 304');
        is($again->{content}, '', 'without a body');
        is($again->{headers}{etag}, $etag, 'with the same ETag');
        is($fresh->get($path, 'if-none-match' => '"other"')->{status}, 200, 'another ETag: the page');
        is($fresh->get($path, range => 'bytes=0-3')->{status}, 200, 'no parts of pages');
    }
}

# A form sets a sealed cookie; from then on nothing is stored by caches.
{
    my $fresh = $site->client;
    my $reply = $fresh->get('/account/login');
    my @set   = FlaskbaseTest::Client::set_cookies($reply);
    is(scalar @set, 1, 'X12 a form sets one cookie');
    like($set[0], qr/; HttpOnly(?:;|$)/,     'V3.3.4 HttpOnly');
    like($set[0], qr/; SameSite=Lax(?:;|$)/, 'V3.3.2 SameSite');
    like($set[0], qr{; Path=/(?:;|$)},       'Path');
    unlike($set[0], qr/; (?:Secure|Domain)/i, 'X14 not Secure and no prefix over http');
    unlike($set[0], qr/^__Host-/, 'X14 no prefix over http');
    unlike($set[0], qr/; (?:Expires|Max-Age)/i, 'X6 ends with the browser');
    cmp_ok(length $set[0], '<', 4096, 'V3.3.5 size');
    like($reply->{headers}{'cache-control'}, qr/no-store/, 'X12, 14.3.2 no-store');
    like($fresh->get('/')->{headers}{'cache-control'}, qr/no-store/,
        'X12, 14.3.2 no-store for whoever sends our cookie');
    ok(!$fresh->get('/')->{headers}{etag}, 'X12 and no ETag');
    like($fresh->get('/account/none')->{headers}{'cache-control'}, qr/no-store/, 'X12, 14.3.2 errors too');
}

# A cookie of our name that opens nothing is harmless.
{
    my ($name) = $site->client->get('/account/login')->{headers}{'set-cookie'} =~ /^([^=]+)=/;
    my $good = $site->client;
    $good->get('/account/login');
    my $value = $good->{jar}{$name}{value};
    my @bad = ('', 'x', '=', 'a' x 4000, $value . 'A', substr($value, 0, -1),
        join('', reverse split //, $value), "\xff\xfe", '"' . $value . '"', "$value; $name=x");
    for my $cookie (@bad) {
        my $reply = $site->raw_reply("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            . "Cookie: $name=$cookie\r\n\r\n");
        is($reply->{status}, 200, 'a broken cookie is as none');
    }
    for my $line (';', '=', $name, "$name;", ';;;;', 'a' x 7900, "a=b,$name=$value", ' ; ; =x; x=') {
        is($site->client->get('/', cookie => $line)->{status}, 200, 'odd Cookie headers are harmless');
    }
    # Every flipped bit of the first and last bytes, and some between (V9.1.1).
    my $flips = 0;
    for my $at (0 .. length($value) - 1) {
        next if $at > 8 && $at < length($value) - 8 && $at % 7;
        my $copy = $value;
        my $new  = substr($copy, $at, 1) eq 'A' ? 'B' : 'A';
        substr $copy, $at, 1, $new;
        my $reply = $site->client->get('/account/login', cookie => "$name=$copy");
        my ($set) = FlaskbaseTest::Client::set_cookies($reply);
        $flips++ unless defined $set;
    }
    is($flips, 0, 'V9 a cookie with any character changed is refused: a new session is given');
}
$site->stop;
done_testing;
