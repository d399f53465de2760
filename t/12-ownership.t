# What the site owns, and what is left to httpd's other content (X5, DESIGN section 3 "Mount").
use strict;
use warnings;
use Test::More;
use Digest::SHA ();
use FlaskbaseTest qw(spew);

my %files = (
    'index.html'              => "document root\n",
    'about'                   => "file named about\n",
    'robots.txt'              => "User-agent: *\n",
    '.well-known/acme/token'  => "acme\n",
    'account/secret.txt'      => "below account\n",
    'admin/index.html'        => "below admin\n",
    'static/own.txt'          => "below static\n",
    'accounting/page.txt'     => "accounting\n",
    'folder/page.html'        => "<p>page\n",
    'members/file.txt'        => "members file\n",
);

sub page_of_site { return $_[0]{content} =~ m{<html\b.*class="[^"]*\bui\b}s }

# ---- the whole server ----
my $site = FlaskbaseTest->start(htdocs => \%files, users => []);
my $client = $site->client;
ok(page_of_site($client->get('/')), 'X5 / is the site, not index.html');
ok(page_of_site($client->get('/about')), 'X5 /about is the site, not the file');
is($client->get('/robots.txt')->{content}, "User-agent: *\n", 'X5 robots.txt falls through');
is($client->get('/.well-known/acme/token')->{content}, "acme\n", 'X5 .well-known falls through');
is($client->get('/folder/page.html')->{content}, "<p>page\n", 'X5 other pages fall through');
is($client->get('/accounting/page.txt')->{content}, "accounting\n",
    'X5 a name that only begins like ours falls through');
for my $path (qw(/account/secret.txt /admin/nothing /static/own.txt /account/nothing)) {
    my $reply = $client->get($path);
    is($reply->{status}, 404, "X5 $path is the site's, a 404");
    unlike($reply->{content}, qr/^below/, "and not the file");
    ok(page_of_site($reply), 'in its layout');
}
{
    my $reply = $client->get('/no/such/file');
    is($reply->{status}, 404, 'X5 nobody has it: 404');
    ok(page_of_site($reply), "X5 httpd's 404 is shown in the site's layout");
    like($reply->{headers}{'content-security-policy'} || '', qr/default-src/, 'with its headers');
    my $json = $client->get('/no/such/file', accept => 'application/json');
    is($json->{status}, 404, 'R26 for scripts');
    like($json->{headers}{'content-type'}, qr{^application/problem\+json}, 'R26 a problem document');
}
is($client->get('/.flaskbase/error')->{status}, 404, 'the internal error address is none from outside');
{
    my $reply = $client->get('/admin');
    is($reply->{status}, 308, 'X5 /admin redirects') or diag $reply->{content};
    like(FlaskbaseTest::Client::location($reply), qr{/admin/$}, 'to /admin/');
}
is($client->head('/')->{status}, 200, 'X5 HEAD works as GET');
is($client->head('/')->{content}, '', 'without a body');
{
    my $reply = $client->post('/', {});
    is($reply->{status}, 405, 'X5 wrong method');
    like($reply->{headers}{allow}, qr/\bGET\b.*\bHEAD\b/, 'X5 with Allow');
    is($client->request('DELETE', '/account/login')->{status}, 405, 'X5 DELETE of a form');
}
like($client->get('/admin/user/x')->{status}, qr/^(?:404|302)$/, 'X5 a non-integer id is no route');
is($client->get('/account/join-from-invite/x/token')->{status}, 404, 'X5 a non-integer id is a 404');
$site->stop('whole server');

# ---- a Location is a mount ----
$site = FlaskbaseTest->start(htdocs => \%files, users => [], on => 0, modules => ['dir'],
    conf => "<Location \"/members\">\nFlaskbase On\n</Location>\n");
$client = $site->client;
is($client->get('/')->{content}, "document root\n", 'mount: / is the document root');
is($client->get('/about')->{content}, "file named about\n", 'mount: /about is the file');
is($client->get('/members/file.txt')->{content}, "members file\n", 'mount: other files below it fall through');
my $home = $client->get('/members/');
is($home->{status}, 200, 'mount: home page');
ok(page_of_site($home), 'is the site');
my @links = $home->{content} =~ /(?:href|src|action)="(\/[^"]*)"/g;
cmp_ok(scalar @links, '>', 3, 'mount: there are links');
is_deeply([ grep { !m{^/members/} } @links ], [], 'X5 all of them below the mount');
{
    my $reply = $client->get('/members/admin/');
    is($reply->{status}, 302, 'X2 login is asked for');
    like(FlaskbaseTest::Client::location($reply), qr{/members/account/login\?next=(?:%2F|/)members(?:%2F|/)admin},
        'X5 redirect and next carry the mount');
}
is($client->get('/account/login')->{status}, 404, 'mount: nothing at the old place');
$site->stop('mount');

# ---- FlaskbaseMount, FlaskbaseHome, FlaskbaseUnknown, Off ----
$site = FlaskbaseTest->start(htdocs => \%files, modules => ['dir'],
    conf => "FlaskbaseHome off\n<Location \"/admin\">\nFlaskbase Off\n</Location>\n"
        . "ErrorDocument 404 \"own words\"\n");
$client = $site->client;
is($client->get('/')->{content}, "document root\n", 'FlaskbaseHome off: / is left to others');
is($client->get('/account/login')->{status}, 200, 'the rest is the site');
is($client->get('/admin/index.html')->{content}, "below admin\n", 'Flaskbase Off in a Location');
is($client->get('/no/such')->{content}, 'own words', 'an ErrorDocument of the administrator wins');
$site->stop('home off');

$site = FlaskbaseTest->start(htdocs => \%files, conf => "FlaskbaseUnknown own\n");
$client = $site->client;
my $reply = $client->get('/robots.txt');
is($reply->{status}, 404, 'FlaskbaseUnknown own: every URL is the site\'s');
ok(page_of_site($reply), 'in its layout');
$site->stop('unknown own');

# ---- a large static file that is changed under a running server ----
$site = FlaskbaseTest->new(users => [], env => { FLASK_CONFIG => 'production', SSL_DISABLE => 'true',
    ALLOWED_HOSTS => '127.0.0.1', MAIL_TRANSPORT => 'none', DATABASE_URL => 'sqlite:///data-test.sqlite' });
$site->expect_log(qr/(?:mail|MAIL|SSL_DISABLE|BASE_URL)/);
my $data = "$site->{dir}/own-data";
mkdir $data or die "$data: $!";
system('cp', '-R', (map { "$site->{data}/$_" } qw(templates static schema)), $data) == 0 or die "cp: $?";
$site->{data} = $data;
$site->write_env;
my $large = join '', map { "line $_ of a large file\n" } 1 .. 20_000;
spew("$data/static/large.txt", $large);
$site->start;
$client = $site->client;
my $hashed = '/static/large.' . substr(Digest::SHA::sha256_hex($large), 0, 12) . '.txt';
$reply = $client->get($hashed);
is($reply->{content}, $large, 'R27 a large static file');
like($reply->{headers}{'cache-control'} || '', qr/immutable/, 'R27 immutable under its hashed name');
$site->expect_log(qr{\[flaskbase:warn\].*static/large\.txt changed since httpd started});
for my $now ([ 'shorter', substr $large, 0, 10 ], [ 'edited', $large =~ s/line/LINE/r ], [ 'longer', "$large more" ]) {
    my ($how, $text) = @$now;
    spew("$data/static/large.txt", $text);
    for my $path ($hashed, '/static/large.txt') {
        $reply = $client->get($path);
        is($reply->{status}, 404, "$how since the start: $path is not served");
        is($reply->{headers}{'cache-control'}, 'no-store', 'and no cache keeps that');
        ok(!exists $reply->{headers}{etag}, 'nor has it the tag of what was');
        like($reply->{headers}{'content-security-policy'} || '', qr/default-src/, 'but our headers');
    }
}
$site->stop('changed file');
done_testing;
