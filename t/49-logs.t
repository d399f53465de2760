# What the logs say, and what they never say: V14, V16, R3, R5, R28, R34; ASVS 14.2.1, 16.2.1,
# 16.2.5, 16.3.1-16.3.3, 16.4.1.
use strict;
use warnings;
use Test::More;
use MIME::Base64 ();
use FlaskbaseTest qw(slurp);

my %password = (
    good  => 'Lattice-Umbrella-47',
    given => 'Copper-Meadow-Giraffe-3',
    own   => 'Quiet-Harbour-Lantern-9',
    wrong => 'Wrong-Saddle-Pepper-58',
);
my $site = FlaskbaseTest->start(
    # As talkative as httpd gets, and an access log with all that it is able to tell by default.
    conf  => "LogLevel trace8\nLogFormat \"%h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\" %q\" wide\n"
        . "CustomLog logs/wide.log wide\n",
    users => [
        { email => 'ada@example.org',   password => $password{good} },
        { email => 'given@example.org', password => $password{given}, must_change => 1 },
    ]);
$site->expect_log(qr/:(?:trace\d|debug|info)\] /);
my %id = map { $_ => $site->sql("SELECT id FROM users WHERE email = '$_\@example.org'") } qw(ada given);

# Whatever a visitor got or sent that nobody else may learn.
my (%secret, %count);
sub note_secrets {
    my ($reply) = @_;
    for my $line (FlaskbaseTest::Client::set_cookies($reply)) {
        my ($value) = $line =~ /^[^=]+=([^;]+)/ or next;
        $secret{"cookie " . ++$count{cookie}} = $value;
    }
    my $token = FlaskbaseTest::Client::token($reply->{content});
    $secret{"token " . ++$count{token}} = $token if defined $token;
    return $token;
}

sub submit {
    my ($client, $path, %fields) = @_;
    my $token = note_secrets($client->get($path));
    my $reply = $client->post($path, { csrf_token => $token, %fields });
    note_secrets($reply);
    return $reply;
}

# ---- what happens ----
my $client = $site->client;
my $login  = '/account/login';
is(submit($client, $login, email => 'ada@example.org', password => $password{wrong})->{status}, 200, 'R3 wrong');
is(submit($client, $login, email => 'nobody@example.org', password => $password{wrong})->{status}, 200, 'R3 unknown');
is(submit($client, $login, email => 'ada@example.org', password => $password{good})->{status}, 303, 'R3 right');
note_secrets($client->get($_)) for '/', '/account/manage';
my $again = '/account/reauthenticate?next=%2Fabout';
is(submit($client, $again, password => $password{wrong})->{status}, 200, 'R28 wrong');
is(submit($client, $again, password => $password{good})->{status}, 303, 'R28 right');
is($client->get('/admin/')->{status}, 403, 'R16 denied');
my $token = note_secrets($client->get('/account/logout'));
is($client->post('/account/logout', {}, 'X-CSRFToken' => $token, origin => 'https://evil.example')->{status}, 400, 'X1 from elsewhere');
is($client->post('/account/logout', {}, 'X-CSRFToken' => $token)->{status}, 303, 'R5 by the header');

my $given = $site->client;
is(submit($given, $login, email => 'given@example.org', password => $password{given})->{status}, 303, 'R3 another');
my $change = '/account/change-required';
is(submit($given, $change, new_password => $password{own}, new_password2 => $password{wrong})->{status}, 200, 'R34 refused');
is(submit($given, $change, new_password => $password{own}, new_password2 => $password{own})->{status}, 303, 'R34 changed');

# Lines that a visitor would like to write.
my @forged = ("x\@example.org\r\n[flaskbase:notice] security event=login user=1 forged",
    "\e[31mred\@example.org", "a\0b\@example.org", "tab\there\@example.org", "\xc2\x85next\@example.org",
    "\xe2\x80\xa8line\@example.org");
for my $email (@forged) {
    my $reply = submit($site->client, $login, email => $email, password => $password{wrong});
    like($reply->{status}, qr/^(?:200|400)$/, '16.4.1 an address with control characters opens nothing');
}
my $path = '/admin/%0d%0asecurity%20event=login%1b%5b31m%c2%85';
is($site->client->get($path)->{status}, 404, '16.4.1 nor does such a path');
for my $control ("\e[31m", "\xc2\x85") {
    like($site->raw_reply("GET $path HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nUser-Agent: x$control\r\n"
            . "Referer: http://x/$control\r\n\r\n")->{status}, qr/^40[04]$/, '16.4.1 nor such headers');
}
is($site->client->post($path, { a => 1 })->{status}, 404, '16.4.1 nor such a form');
is($site->client->post('/account/login?next=%0d%0aforged%1b', { email => "x\r\nforged" })->{status}, 400, '16.4.1 nor such a query');

$site->stop;
my %log = (error => $site->error_log, access => $site->access_log, wide => slurp($site->dir . '/logs/wide.log'),
    output => $site->output);
cmp_ok(length $log{error}, '>', 10_000, 'the error log is talkative');
like($log{error}, qr/\[flaskbase:debug\]/, 'and our own debug lines are in it');
like($log{wide}, qr{"POST /account/change-required HTTP/1\.1" 303 }, 'the access log has the requests');

# ---- 14.2.1, 16.2.5: no secret ----
# From trace4 on httpd itself writes every header, whoever made it. Those lines are for debugging by
# its administrator; they are no reason for cookies and tokens to stand in any other.
my $dumped = ($log{error} =~ s/^\[[^\]]*\] \[http:trace4\] \[pid [^\]]*\] \S+: \[client [^\]]*\]   (?:Set-Cookie|Cookie|X-CSRFToken): .*\n//mg);
cmp_ok($dumped, '>', 20, 'the lines of httpd with whole headers are put aside');
cmp_ok($count{cookie}, '>=', 5, 'cookies were collected');
cmp_ok($count{token},  '>=', 8, 'tokens were collected');
$secret{"password $_"} = $password{$_} for keys %password;
$secret{'the site\'s key'} = 'n3Vq8-test-key-Wz5xTf0aYbKc2mLd7pRgHu4s';
my @hashes = split /\n/, $site->sql('SELECT password_hash FROM users');
$secret{"hash $_"} = $hashes[$_] for 0 .. $#hashes;
my %leaks;
for my $name (sort keys %secret) {
    my $secret = $secret{$name};
    my %shape  = (
        plain  => $secret,
        head   => substr($secret, 0, 24), # a line may be cut
        sent   => FlaskbaseTest::Client::form({ x => $secret }) =~ s/^x=//r,
        base64 => MIME::Base64::encode_base64($secret, ''),
        hex    => unpack('H*', $secret),
    );
    for my $log (sort keys %log) {
        for my $shape (sort keys %shape) {
            push @{ $leaks{$log} }, "$name, $shape" if index($log{$log}, $shape{$shape}) >= 0;
        }
    }
}
is_deeply($leaks{$_} || [], [], "14.2.1, 16.2.5 no secret in the $_ log") for sort keys %log;

# ---- 16.3: who did what, when, from where ----
my @events = map { /^\[[^\]]*\] \[flaskbase:notice\] \[pid [^\]]*\] (?:\S+: )?\[client [^\]]*\] security (event=.*)/ ? $1 : () } split /\n/, $log{error};
my $where  = 'client=127.0.0.1 method=POST path';
my @expect = (
    "event=login_failed user=$id{ada} $where=/account/login",
    "event=login_failed $where=/account/login",
    "event=login user=$id{ada} $where=/account/login",
    "event=password_failed user=$id{ada} $where=/account/reauthenticate",
    "event=reauthenticated user=$id{ada} $where=/account/reauthenticate",
    "event=access_denied user=$id{ada} client=127.0.0.1 method=GET path=/admin/",
    "event=csrf_refused user=$id{ada} $where=/account/logout",
    "event=logout user=$id{ada} $where=/account/logout",
    "event=login user=$id{given} $where=/account/login",
    "event=password_changed user=$id{given} $where=/account/change-required",
);
my @shape = map { s/ time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?:, referer: .*)?$//r } @events;
is_deeply([ @shape[ 0 .. $#expect ] ], \@expect, '16.2.1, 16.3.1-3 each event once, in order: what, who, from where, when')
    or diag join "\n", @events;
is(scalar(grep { !/^event=\w+(?: user=\d+)? client=[0-9a-f.:]+ method=[A-Z]+ path=\/\S*$/ } @shape), 0,
    '16.2.4 every one has the same shape') or diag join "\n", @shape;

# ---- 16.4.1: nobody writes lines of their own ----
is_deeply([ grep { /[^\t\x20-\x7e]/ } split /\n/, $log{$_} ], [], "16.4.1 no control character in the $_ log")
    for sort keys %log;
is_deeply([ grep { /^(?!\[\w{3} \w{3} \d\d )/ } split /\n/, $log{error} ], [], '16.4.1 every line of the error log begins as one');
is(scalar(grep { /^event=login / } @shape), 2, '16.4.1 no forged event');
is(scalar(grep { /forged/ } @events), 0, '16.4.1 nor a part of one');
unlike($log{error}, qr/^\[[^\]]*\] \[flaskbase:\w+\].*example\.org/m, '16.2.5 our lines name accounts by number, not by address');
done_testing;
