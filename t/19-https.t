# HTTPS: redirect, HSTS, __Host- cookies, trusted proxies (X9, X14, D37; ASVS V3.3.1, V3.4.1, V12.2.1).
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;

my $password = 'harbour-lantern-quilt-5';
my $site = FlaskbaseTest->new(
    https => 1,
    env   => { SSL_DISABLE => 'false', FLASK_CONFIG => 'production', ALLOWED_HOSTS => 'localhost 127.0.0.1',
        MAIL_TRANSPORT => 'none', ADMIN_EMAIL => 'admin@example.org' },
);
$site->{env}{BASE_URL} = "https://localhost:" . $site->https_port;
$site->{env}{DATABASE_URL} = "sqlite:///data-test.sqlite";
$site->write_env;
$site->{users} = [ { email => 'ada@example.org', password => $password } ];
$site->expect_log(qr/\[flaskbase:warn\].*(?:mail|MAIL)/i, qr/^[^\[].*(?:mail|MAIL)/);
$site->start;

# ---- plain http ----
my $plain = $site->client;
my $reply = $plain->get('/about?x=1');
is($reply->{status}, 301, 'X9 GET over http: 301');
is(FlaskbaseTest::Client::location($reply), 'https://localhost:' . $site->https_port . '/about?x=1',
    'X9 to the same page of the base URL, not of the Host header');
is(FlaskbaseTest::Client::location($plain->get('/account/a%3Fb%2525?c=%3F')),
    'https://localhost:' . $site->https_port . '/account/a%3Fb%2525?c=%3F', 'X9 with its path encoded as it came');
is($plain->head('/')->{status}, 301, 'X9 HEAD: 301');
is($plain->post('/account/login', { email => 'x' })->{status}, 308, 'X9 POST: 308');
is_deeply([ FlaskbaseTest::Client::set_cookies($plain->get('/account/login')) ], [], 'no cookie over http');
ok(!$reply->{headers}{'strict-transport-security'}, 'V3.4.1 HSTS only over https');
is($site->raw_reply("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")->{status}, 421,
    'an unknown host is not redirected');
is($plain->get('/about', 'x-forwarded-proto' => 'https')->{status}, 301,
    'X9 X-Forwarded-Proto of an untrusted client counts for nothing');

# ---- https ----
my $client = $site->https_client;
$reply = $client->get('/');
is($reply->{status}, 200, 'https');
like($reply->{headers}{'strict-transport-security'} || '', qr/^max-age=(\d{8,})/, 'V3.4.1 HSTS of a year');
$reply = $client->get('/account/login');
my ($cookie) = FlaskbaseTest::Client::set_cookies($reply);
like($cookie, qr/^__Host-/, 'V3.3.1 __Host- with https');
like($cookie, qr/; Secure(?:;|$)/,   'V3.3.1 Secure');
like($cookie, qr/; HttpOnly(?:;|$)/, 'V3.3.4 HttpOnly');
like($cookie, qr{; Path=/(?:;|$)},   'Path=/');
unlike($cookie, qr/Domain/i, 'no Domain');
$reply = $client->login('ada@example.org', $password);
is($reply->{status}, 303, 'login over https');
like($client->get('/')->{content}, qr/Ada Lovelace/, 'logged in');
like($client->get('/account/none')->{headers}{'strict-transport-security'} || '', qr/max-age/, 'V3.4.1 HSTS on errors');
{
    my $bad = $site->https_client;
    $bad->{jar} = { %{ $client->{jar} } };
    my ($name) = grep { /^__Host-/ } keys %{ $bad->{jar} };
    (my $bare = $name) =~ s/^__Host-//;
    my $entry = delete $bad->{jar}{$name};
    $bad->{jar}{$bare} = $entry;
    is($bad->get('/account/manage')->{status}, 302, 'the cookie without its prefix opens nothing over https');
}
$site->stop('https');

# ---- behind a proxy ----
$site = FlaskbaseTest->start(
    env => { SSL_DISABLE => 'false', FLASK_CONFIG => 'production', BASE_URL => 'https://site.example',
        TRUSTED_PROXIES => '127.0.0.1', ALLOWED_HOSTS => '127.0.0.1', MAIL_TRANSPORT => 'none' });
$site->expect_log(qr/\[flaskbase:warn\].*(?:mail|MAIL)/i, qr/^[^\[].*(?:mail|MAIL)/);
$client = $site->client;
is($client->get('/')->{status}, 301, 'X9 a trusted proxy without X-Forwarded-Proto: http');
is($client->get('/', 'x-forwarded-proto' => 'https')->{status}, 200, 'X9 with it: https');
is($client->get('/', 'x-forwarded-proto' => 'https, http')->{status}, 301, 'X9 the last word is the proxy\'s own');
is($client->get('/', 'x-forwarded-proto' => 'http, https')->{status}, 200, 'X9 of a chain');
like((FlaskbaseTest::Client::set_cookies($client->get('/account/login', 'x-forwarded-proto' => 'https')))[0] || '',
    qr/^__Host-.*; Secure/, 'X9 cookies follow the effective scheme');
$site->stop('proxy');
done_testing;
