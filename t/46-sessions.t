# What lasts and what does not: X1 (expired forms), X6, X7, X10, D12, D27; ASVS 7.3.1, 7.3.2.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(title text flashes field problems);

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->new(users => [
    { email => 'ada@example.org',   password => $good, first => 'Ada', last => 'Lovelace' },
    { email => 'given@example.org', password => $good, must_change => 1 },
]);

# The same site, later. Together with sanitizers the clock can't be moved, so that only what
# happens now is tested.
my $moves = !$ENV{FB_SANITIZERS};
sub at {
    my ($time) = @_;
    $site->{time} = $time if $moves;
    return $site->start;
}

at('+0');
my $welcome = 'success: You are now logged in. Welcome back!';

# ---- X10, D12: a message waits until a page shows it ----
{
    my $client = $site->client;
    $client->login('ada@example.org', $good);
    $client->get('/static/styles/app.css');
    $client->get('/account/nothing', accept => 'application/json');
    $client->head('/static/scripts/app.js');
    is_deeply([ flashes($client->get('/account/nothing')->{content}) ], [$welcome], 'X10, D12 an error page shows it, too');
    is_deeply([ flashes($client->get('/')->{content}) ], [], 'X10 once');

    my $given = $site->client;
    my $reply = $given->login('given@example.org', $good);
    $reply = $given->follow($reply) while $reply->{status} == 303 || $reply->{status} == 302;
    like(title($reply->{content}), qr/Choose your own password/, 'R34 two redirects later');
    ok((grep { $_ eq $welcome } flashes($reply->{content})), 'X10, D12 no redirect loses a message');
}

# ---- X7 ----
{
    my $client = $site->client;
    $client->login('ada@example.org', $good);
    my $thief = $site->client(agent => 'Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36');
    %{ $thief->{jar} } = %{ $client->{jar} };
    is($thief->get('/account/manage')->{status}, 302, 'X7 the cookie in another browser opens nothing');
    is($client->get('/account/manage')->{status}, 302, 'X7 and the session has ended');

    my $newer = $site->client;
    $newer->login('ada@example.org', $good);
    my $updated = $site->client(agent => 'Mozilla/5.0 (test) Firefox/129.0');
    %{ $updated->{jar} } = %{ $newer->{jar} };
    is($updated->get('/account/manage')->{status}, 200, 'X7, D40 an update of the browser is no other browser');
}

# ---- D27 ----
{
    my ($status, $said) = FlaskbaseTest::run_command([ 'sqlite3', '-batch', $site->database,
        "UPDATE users SET role_id = NULL WHERE email = 'ada\@example.org'" ]);
    isnt($status, 0, 'D27 a user always has a role');
    like($said, qr/NOT NULL/, 'D27 says the database itself');
}

# ---- X1: a form that was open for too long; X6, 7.3.1: idle sessions ----
my $slow  = $site->client;
my $token = FlaskbaseTest::Client::token($slow->get('/account/login')->{content});
my ($browser, $remembered) = ($site->client, $site->client);
$browser->login('ada@example.org', $good);
$remembered->login('ada@example.org', $good, remember_me => 'y');
$_->get('/account/manage') for $browser, $remembered;
$site->stop('now');
if (!$moves) {
    done_testing;
    exit 0;
}

at('+2h');
{
    my $reply = $slow->post('/account/login', { csrf_token => $token, email => 'ada@example.org', password => $good,
        remember_me => 'y' });
    is($reply->{status}, 400, 'X1 an expired token is refused');
    is_deeply([ problems($reply->{content}) ], [], 'X1 with a page');
    is(field($reply->{content}, 'email')->{value}, 'ada@example.org', 'X1 which has the form, filled in');
    ok(exists field($reply->{content}, 'remember_me')->{checked}, 'X1 the checkbox, too');
    is(field($reply->{content}, 'password')->{value} || '', '', 'X1 but never the password');
    is_deeply([ flashes($reply->{content}) ],
        ['error: This form was open for too long, so nothing was changed. Please send it again.'], 'X1 and why');
    is($slow->get('/account/manage')->{status}, 302, 'X1 nothing happened');
    my $fresh = FlaskbaseTest::Client::token($reply->{content});
    isnt($fresh, $token, 'X1 with a new token');
    is($slow->post('/account/login', { csrf_token => $fresh, email => 'ada@example.org', password => $good })->{status},
        303, 'X1 that works');

    is($browser->get('/account/manage')->{status}, 302, '7.3.1 an idle session has ended');
    is($remembered->get('/account/manage')->{status}, 200, 'X6 a remembered one is renewed');
    like(($site->sql("SELECT authenticated_at IS NULL OR authenticated_at = 0 FROM sessions WHERE remember")), qr/^1$/m,
        'X6 but is not fresh');
}
$site->stop('later');

at('+364d');
is($remembered->get('/account/manage')->{status}, 200, 'X6 remembered for 365 days');
$site->stop('a year later');
at('+720d');
is($remembered->get('/account/manage')->{status}, 200, 'X6 counted from the last visit');
is($remembered->submit('/account/logout', {})->{status}, 303, 'X6 until one logs out');
is($remembered->get('/account/manage')->{status}, 302, 'X6 then it is over');
$site->stop('two years later');
done_testing;
