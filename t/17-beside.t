# In one httpd beside a DocumentRoot, CGI programs, a proxied backend, aliases and rewrite rules
# (X5, X8).
use strict;
use warnings;
use Test::More;
use IO::Socket::INET;
use POSIX ();
use FlaskbaseTest qw(spew);

# A backend that tells what it was asked.
my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 20, ReuseAddr => 1) or die $!;
my $backend_port = $listen->sockport;
my $backend = fork;
die "fork: $!" unless defined $backend;
if (!$backend) {
    while (my $peer = $listen->accept) {
        my $head = '';
        while (my $line = <$peer>) { last if $line =~ /^\r?\n$/; $head .= $line }
        my $body = "backend: $head";
        my $status = $head =~ m{^GET /gone} ? '404 Not Found' : '200 OK';
        print {$peer} "HTTP/1.1 $status\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";
        close $peer;
    }
    POSIX::_exit(0);
}
close $listen;
END { kill 'KILL', $backend if $backend; }

my $site = FlaskbaseTest->new(
    modules => [qw(proxy proxy_http alias rewrite cgid env dir setenvif deflate filter autoindex negotiation)],
    users  => [ { email => 'ada@example.org', password => 'harbour-lantern-quilt-5' } ],
    htdocs => { 'page.html' => "<p>static page\n", 'sub/index.html' => "index of sub\n",
        'account' => "a file of that name\n" },
);
spew("$site->{dir}/cgi-bin/env", "#!/bin/sh\necho 'Content-Type: text/plain'\necho\nenv | sort\n");
chmod 0755, "$site->{dir}/cgi-bin", "$site->{dir}/cgi-bin/env";
spew("$site->{dir}/aliased/file.txt", "aliased\n");
$site->{conf} = <<"END";
ScriptAlias "/cgi-bin/" "$site->{dir}/cgi-bin/"
ScriptSock "$site->{dir}/run/cgisock"
Alias "/files/" "$site->{dir}/aliased/"
Alias "/about" "$site->{dir}/aliased/file.txt"
ProxyPass "/backend/" "http://127.0.0.1:$backend_port/"
ProxyPass "/" "http://127.0.0.1:$backend_port/all/"
ProxyPassMatch "^/never" "!"
RewriteEngine On
RewriteRule "^/old-about\$" "/about" [PT]
RewriteRule "^/moved\$" "/about" [R=302,L]
RewriteRule "^/account/forbidden\$" "-" [F]
AddOutputFilterByType DEFLATE text/html text/css
DirectoryIndex index.html
END
# What stands in ProxyPass "/" takes all the rest: exceptions first, as everybody writes them.
$site->{conf} =~ s{(ProxyPass "/" )}{ProxyPass "/page.html" "!"\nProxyPass "/sub/" "!"\nProxyPass "/files/" "!"\nProxyPass "/cgi-bin/" "!"\n$1};
$site->start;
my $client = $site->client;

like($client->get('/')->{content}, qr/<html/, 'X5 the site before ProxyPass /');
like($client->get('/about')->{content}, qr/<html/, 'X5 the site before an Alias');
like($client->get('/old-about')->{content}, qr/<html/, 'a rewritten URL reaches the site');
is(FlaskbaseTest::Client::location($client->get('/moved')), $site->url . '/about', 'a redirect rule works');
is($client->get('/account/forbidden')->{status}, 403, 'a rewrite rule may refuse');
is($client->get('/page.html')->{content}, "<p>static page\n", 'DocumentRoot');
is($client->get('/sub/')->{content}, "index of sub\n", 'DirectoryIndex');
is($client->get('/files/file.txt')->{content}, "aliased\n", 'Alias');
like($client->get('/cgi-bin/env?a=b')->{content}, qr/^QUERY_STRING=a=b$/m, 'CGI');
like($client->get('/backend/x')->{content}, qr{^backend: GET /x }, 'proxied backend');
like($client->get('/anything')->{content}, qr{^backend: GET /all/anything }, 'proxied rest');
is($client->get('/backend/gone')->{content} =~ /^backend/ ? 1 : 0, 1, "a backend's own 404 page stays its own");
unlike($client->get('/account')->{content}, qr/^a file/, 'X5 a file named account does not shadow us');

my $gz = $client->get('/', 'accept-encoding' => 'gzip');
is($gz->{headers}{'content-encoding'}, 'gzip', 'X8 mod_deflate compresses pages');
like($gz->{headers}{vary}, qr/Accept-Encoding/i, 'X8 and Vary tells');
like($gz->{headers}{vary}, qr/Cookie/i, 'X12 both of them');
my $etag = $gz->{headers}{etag};
is($client->get('/', 'accept-encoding' => 'gzip', 'if-none-match' => $etag)->{status}, 304,
    'X12 304 for the compressed page');

my $reply = $client->login('ada@example.org', 'harbour-lantern-quilt-5');
is($reply->{status}, 303, 'login');
like($client->get('/')->{content}, qr/Ada Lovelace/, 'logged in beside all that');
like($client->get('/cgi-bin/none')->{content}, qr/<html/, "X5 a missing CGI program's 404 is in the layout");
$site->expect_log(qr/\[cgid:error\].*(?:AH01264|script not found)/, qr/AH01244|AH01243|\[cgid/);
$site->stop;
done_testing;
