# Odd and hostile requests: methods, paths, hosts, headers, bodies. Every one gets its 4xx in the
# site's layout where a handler is reached; never a 500, never a dead child
# (ASVS V4.1.4, V4.2.1, V1.1.1, V2.2, V1.4).
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;

my $site = FlaskbaseTest->start(users => [], htdocs => { 'file.txt' => "x\n" },
    conf => "LimitRequestBody 3000000\n");
$site->expect_log(qr/\[core:(?:error|info|debug)\].*AH(?:10244|00026|00127|10508|02430|01071|00565|00566)/,
    qr/\[(?:http|core):[a-z]+\].*(?:invalid URI path|Invalid URI|AH0\d+)/);
my $client = $site->client;

sub ask { my ($line, $headers, $body) = @_;
    return $site->raw_reply("$line\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        . ($headers || '') . "\r\n" . (defined $body ? $body : ''), seconds => 60) }

sub alive {
    my ($name) = @_;
    is($client->get('/')->{status}, 200, "$name: alive afterwards");
    return;
}

# ---- methods ----
for my $method (qw(get GeT FOO PUT PATCH DELETE TRACE PROPFIND LOCK BASELINE-CONTROL M-SEARCH)) {
    for my $path (qw(/ /about /account/login /admin/ /static/x.css)) {
        my $reply = ask("$method $path HTTP/1.1");
        next if $path =~ /static/ && $reply->{status} == 404;
        is($reply->{status}, 405, "V4.1.4 $method $path") or diag $reply->{raw};
        like($reply->{headers}{allow} || '', qr/\bGET\b/, 'with Allow');
        unlike($reply->{content}, qr/Connection: close/, 'V13.4 nothing is echoed');
    }
}
{
    my $reply = ask('OPTIONS / HTTP/1.1');
    like($reply->{status}, qr/^20[04]$/, 'OPTIONS');
    like($reply->{headers}{allow}, qr/GET/, 'OPTIONS tells methods');
    is(ask('OPTIONS * HTTP/1.1')->{status}, 200, 'OPTIONS *');
    like(ask('CONNECT example.org:80 HTTP/1.1')->{status}, qr/^4(?:00|05|21)$/, 'CONNECT');
}
alive('methods');

# ---- paths ----
my @paths = (
    [ '/%00',                     qr/^40[04]$/ ],
    [ '/account/%00',             qr/^40[04]$/ ],
    [ '/account/login%00',        qr/^40[04]$/ ],
    [ '/account/login%2500',      qr/^404$/ ],
    [ '/account/%2561bout',       qr/^404$/ ],
    [ '/%61bout',                 qr/^200$/ ],
    [ '/account/../about',        qr/^200$/ ],
    [ '/../../etc/passwd',        qr/^40[04]$/ ],
    [ '/static/../../etc/passwd', qr/^40[04]$/ ],
    [ '/static/..%2f..%2fetc/passwd', qr/^40[04]$/ ],
    [ '/static/%2e%2e/%2e%2e/etc/passwd', qr/^40[04]$/ ],
    [ '/static/....//etc/passwd', qr/^404$/ ],
    [ '/static/',                 qr/^404$/ ],
    [ '/static',                  qr/^404$/ ],
    [ '/static/\\..\\x',          qr/^404$/ ],
    [ '/static/%5c..%5cx',        qr/^404$/ ],
    [ '/%ff%fe',                  qr/^40[04]$/ ],
    [ '/account/%ff',             qr/^40[04]$/ ],
    [ '/account/%c0%af',          qr/^40[04]$/ ],
    [ '/account/%zz',             qr/^400$/ ],
    [ '/account/%',               qr/^400$/ ],
    [ '/account//login',          qr/^(?:200|404|308)$/ ],
    [ '/account/login/',          qr/^404$/ ],
    [ '/account/login;x=1',       qr/^404$/ ],
    [ '/ACCOUNT/login',           qr/^404$/ ],
    [ '/account/' . 'x' x 7000,   qr/^(?:404|414)$/ ],
    [ '/' . 'x' x 9000,           qr/^414$/ ],
    [ '/account/join-from-invite/99999999999999999999/t', qr/^404$/ ],
    [ '/account/join-from-invite/-1/t', qr/^404$/ ],
    [ '/account/join-from-invite/1e3/t', qr/^404$/ ],
    [ '/admin/user/0x10',         qr/^404$/ ],
    [ '/admin/user/%F0%9D%9F%99', qr/^40[04]$/ ],
    [ '/?' . 'a=b&' x 1800,       qr/^(?:200|400)$/ ],
    [ '/about?%00',               qr/^(?:200|400)$/ ],
    [ '/about?%ff=%ff',           qr/^(?:200|400)$/ ],
    [ '/about?%zz',               qr/^(?:200|400)$/ ],
    [ '/about?a=%',               qr/^(?:200|400)$/ ],
    [ '/account/login?next=%00',  qr/^(?:200|400)$/ ],
);
for my $row (@paths) {
    my ($path, $status) = @$row;
    my $reply = ask("GET $path HTTP/1.1");
    my $shown = length $path > 60 ? substr($path, 0, 60) . '…' : $path;
    like($reply ? $reply->{status} : 'nothing', $status, "V1.1.1 GET $shown")
        or diag $reply && $reply->{raw};
    unlike($reply ? $reply->{content} : '', qr/root:/, 'V5 no file of the system');
}
alive('paths');

# ---- request lines and framing: httpd's business, but no crash ----
for my $bytes (
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "GET /\r\n",
    "GET  /  HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
    "\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n folded: x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX y: z\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET / HTTP/1.1\r\n" . join('', map { "X$_: y\r\n" } 1 .. 150) . "\r\n",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " . 'y' x 9000 . "\r\n\r\n",
) {
    my $text = $site->raw($bytes, half_close => 1, seconds => 60);
    my ($first) = split /\r\n/, $text || '';
    my ($status) = ($text || '') =~ m{\AHTTP/1\.[01] (\d+)};
    ok(!defined $status || $status < 500 || $status == 501 || $status == 505,
        'V4.2.1 framing: ' . (defined $first ? $first : 'closed'));
}
alive('framing');

# ---- hosts ----
for my $row (
    [ 'Host: evil.example',         421 ],
    [ 'Host: evil.example:80',      421 ],
    [ 'Host: 127.0.0.1.evil.test',  421 ],
    [ 'Host: 127.0.0.1',            200 ],
    [ 'Host: 127.0.0.1:99',         200 ],
    [ 'Host: LOCALHOST',            200 ],
    [ 'Host: localhost.',           qr/^(?:200|421)$/ ],
    [ 'Host: [::1]',                200 ],
    [ 'Host: ',                     qr/^4/ ],
    [ 'Host: a b',                  400 ],
    [ 'Host: ../x',                 400 ],
    [ 'Host: evil.example@127.0.0.1', 400 ],
) {
    my ($header, $want) = @$row;
    my $reply = $site->raw_reply("GET / HTTP/1.1\r\n$header\r\nConnection: close\r\n\r\n");
    if (ref $want) { like($reply->{status}, $want, $header) }
    else { is($reply->{status}, $want, $header) }
    unlike($reply->{content}, qr/evil\.example/, 'host poisoning: the name is nowhere') if $reply->{status} == 200;
}
for my $row (
    [ 'http://127.0.0.1/about', '127.0.0.1', 200 ],
    [ 'http://evil.example/about', '127.0.0.1', 421 ],
    [ 'http://127.0.0.1/about', 'evil.example', 200 ],
    [ 'https://evil.example/', '127.0.0.1', 421 ],
) {
    my ($url, $host, $want) = @$row;
    my $reply = $site->raw_reply("GET $url HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n");
    is($reply->{status}, $want, "absolute form $url with Host $host") or diag $reply->{raw};
}
alive('hosts');

# ---- bodies ----
my $form = 'Content-Type: application/x-www-form-urlencoded';
my @bodies = (
    # name, headers, body, status
    [ 'no type',              '',                                     'a=b',      qr/^4(?:00|15)$/ ],
    [ 'JSON',                 'Content-Type: application/json',       '{}',       qr/^415$/ ],
    [ 'text',                 'Content-Type: text/plain',             'a=b',      qr/^415$/ ],
    [ 'other charset',        "$form; charset=utf-16",                'a=b',      qr/^4(?:00|15)$/ ],
    [ 'multipart, no boundary', 'Content-Type: multipart/form-data',  'x',        qr/^4(?:00|15)$/ ],
    [ 'multipart, empty',     'Content-Type: multipart/form-data; boundary=x', '', qr/^400$/ ],
    [ 'multipart, cut',       'Content-Type: multipart/form-data; boundary=x',
        "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nabc", qr/^400$/ ],
    [ 'multipart, long boundary', 'Content-Type: multipart/form-data; boundary=' . 'x' x 200, 'x', qr/^4(?:00|15)$/ ],
    [ 'empty',                $form, '',                   qr/^400$/ ],
    [ 'bad percent',          $form, 'email=%zz',          qr/^400$/ ],
    [ 'half percent',         $form, 'email=%4',           qr/^400$/ ],
    [ 'NUL',                  $form, 'email=a%00b',        qr/^400$/ ],
    [ 'raw NUL',              $form, "email=a\0b",         qr/^400$/ ],
    [ 'no UTF-8',             $form, 'email=%ff',          qr/^400$/ ],
    [ 'surrogate',            $form, 'email=%ED%A0%80',    qr/^400$/ ],
    [ 'twice',                $form, 'email=a&email=b',    qr/^400$/ ],
    [ 'many fields',          $form, join('&', map { "f$_=1" } 1 .. 20000), qr/^4(?:00|13)$/ ],
    [ 'too large',            $form, 'email=' . 'x' x 1_500_000, qr/^413$/ ],
    [ 'beyond LimitRequestBody', $form, 'email=' . 'x' x 3_500_000, qr/^413$/ ],
    [ 'only separators',      $form, '&&&&====&&',         qr/^400$/ ],
    [ 'long name',            $form, 'x' x 50000 . '=1',   qr/^4(?:00|13)$/ ],
    [ 'other field token',    $form, 'csrf_token=abc',     qr/^400$/ ],
    [ 'compressed',           "$form\r\nContent-Encoding: gzip", "\x1f\x8b\x08", qr/^4(?:00|15)$/ ],
);
for my $row (@bodies) {
    my ($name, $headers, $body, $want) = @$row;
    my $reply = ask('POST /account/login HTTP/1.1',
        ($headers ? "$headers\r\n" : '') . 'Content-Length: ' . length($body) . "\r\n", $body);
    like($reply ? $reply->{status} : 'nothing', $want, "V2.2 body: $name") or diag substr $reply->{raw} || '', 0, 300;
    # The same in chunks of odd sizes.
    next if length $body > 100_000;
    my $chunks = join('', map { sprintf "%x\r\n%s\r\n", length, $_ } grep { length } $body =~ /(.{0,7})/sg) . "0\r\n\r\n";
    my $again = ask('POST /account/login HTTP/1.1',
        ($headers ? "$headers\r\n" : '') . "Transfer-Encoding: chunked\r\n", $chunks);
    is($again ? $again->{status} : 'nothing', $reply->{status}, "the same in chunks: $name");
}
{
    my $reply = ask('POST /account/login HTTP/1.1', "$form\r\nContent-Length: 10\r\nExpect: 100-continue\r\n", 'email=abcd');
    like($reply->{raw}, qr{\AHTTP/1\.1 (?:100|400)}, 'Expect: 100-continue');
    my $text = $site->raw("POST /account/login HTTP/1.1\r\nHost: 127.0.0.1\r\n$form\r\nContent-Length: 100\r\n\r\nemail=",
        half_close => 1, seconds => 60);
    like($text || 'HTTP/1.1 4', qr{\AHTTP/1\.1 4}, 'a body that ends early is no login');
    my $get = ask('GET /about HTTP/1.1', "$form\r\nContent-Length: 7\r\n", 'email=a');
    is($get->{status}, 200, 'a body with GET is ignored');
}
alive('bodies');

# ---- the layout and the log ----
for my $path ('/account/none', '/account/login') {
    my $reply = $path =~ /none/ ? ask("GET $path HTTP/1.1") : ask("POST $path HTTP/1.1", "$form\r\nContent-Length: 3\r\n", 'a=b');
    like($reply->{content}, qr{<html\b.*</html>}s, "R26 $reply->{status} in the layout");
}
unlike($site->error_log, qr/exit signal|Segmentation|panic/, 'no child died');
$site->stop;
done_testing;
