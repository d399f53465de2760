# One's own account: R5, R6, R15, R34, F14, X2, X4, D2, M7; ASVS 7.4.1, 6.2.4,
# 6.4.3, 14.3.1, 14.3.2, 16.3.3.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(title text flashes field field_error links problems);

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->start(users => [
    { email => 'ada@example.org',   password => $good, first => 'Ada',   last => 'Lovelace' },
    { email => 'root@example.org',  password => $good, first => 'Grace', last => 'Hopper', role => 'Administrator' },
    { email => 'new@example.org',   password => $good, first => 'Alan',  last => 'Turing', unconfirmed => 1 },
    { email => 'given@example.org', password => $good, first => 'Edith', last => 'Clarke', must_change => 1 },
]);

sub logged_in {
    my ($email, $password) = @_;
    my $client = $site->client;
    my $reply  = $client->login($email, defined $password ? $password : $good);
    is($reply->{status}, 303, "$email is logged in");
    $client->follow($reply);
    return $client;
}

# ---- R6 ----
{
    my $client = logged_in('ada@example.org');
    for my $path ('/account/manage', '/account/manage/info') {
        my $reply = $client->get($path);
        is($reply->{status}, 200, "R6 $path");
        my $text = text($reply->{content});
        like($text, qr/Full name Ada Lovelace Email address ada\@example\.org Account type User/, "R6 $path: who one is");
        like($reply->{content}, qr/<nav class="ui vertical fluid menu"/, "R6 $path: side menu");
        is_deeply([ problems($reply->{content}) ], [], "R6 $path: well-formed");
        my $links = links($reply->{content});
        ok(!exists $links->{'Change password'}, "R6 $path: shows only routes that exist");
        ok(!exists $links->{'Administration'}, "R6 $path: nor what a user may not do");
        like($reply->{headers}{'cache-control'}, qr/no-store/, "X12, 14.3.2 $path is never stored");
    }
    is(links($client->get('/account/manage')->{content})->{'Your account'}, '/account/manage', 'menu: own account');
}

# ---- R5, D2 ----
{
    my $client = logged_in('ada@example.org');
    my ($name) = keys %{ $client->{jar} };
    my $cookie = $client->{jar}{$name}{value};
    my $reply  = $client->get('/account/logout');
    is($reply->{status}, 200, 'R5 GET shows a page');
    like($reply->{content}, qr/<form method="post" action="\/account\/logout"/, 'R5 with one form');
    is($client->get('/account/manage')->{status}, 200, 'D2 and changes nothing');
    is($client->post('/account/logout', {})->{status}, 400, 'X1 POST without token: 400');
    is($client->get('/account/manage')->{status}, 200, 'X1 and nothing changed');
    $reply = $client->submit('/account/logout', {});
    is($reply->{status}, 303, 'R5 POST: redirect');
    is($reply->{headers}{location}, '/', 'R5 to the home page');
    is($reply->{headers}{'clear-site-data'}, '"cache", "storage"', 'R5, 14.3.1 Clear-Site-Data');
    is_deeply([ flashes($client->follow($reply)->{content}) ], ['info: You have been logged out.'], 'R5 says so');
    is($client->get('/account/manage')->{status}, 302, 'R5 logged out');
    my $thief = $site->client;
    $thief->{jar}{$name} = { value => $cookie, path => '/' };
    is($thief->get('/account/manage')->{status}, 302, '7.4.1 a copy of the cookie is worth nothing any more');
    is($site->client->get('/account/logout')->{status}, 302, 'R5 needs a login');
}

# ---- R15, X4 ----
{
    my $client = logged_in('new@example.org');
    for my $path ('/', '/about', '/admin/') {
        my $reply = $client->get($path);
        ok($reply->{status} == 302 || $reply->{status} == 303, "X4 $path is not for unconfirmed accounts");
        is($reply->{headers}{location}, '/account/unconfirmed', "X4 $path leads to the notice");
    }
    my $page = $client->get('/account/unconfirmed');
    is($page->{status}, 200, 'R15 the notice');
    like(text($page->{content}), qr/new\@example\.org/, 'R15 names the address');
    is_deeply([ problems($page->{content}) ], [], 'R15 well-formed');
    is($client->get('/account/manage')->{status}, 200, 'X4 one may look at one\'s account');
    is($client->get('/account/no-such-page')->{status}, 404, 'X4 an unknown URL stays a 404');
    is($client->submit('/account/logout', {})->{status}, 303, 'X4 and log out');

    for my $visitor ($site->client, logged_in('ada@example.org')) {
        my $reply = $visitor->get('/account/unconfirmed');
        ok($reply->{status} == 302 || $reply->{status} == 303, 'R15 not for others');
        is($reply->{headers}{location}, '/', 'R15 who are sent home');
    }
}

# ---- R34, F14 ----
{
    my $client = $site->client;
    my $other  = $site->client;
    $_->login('given@example.org', $good) for $client, $other;
    for my $path ('/', '/about', '/account/manage') {
        my $reply = $client->get($path);
        ok($reply->{status} == 302 || $reply->{status} == 303, "R34 $path has to wait");
        is($reply->{headers}{location}, '/account/change-required', "R34 $path: first the password");
    }
    my $page = $client->get('/account/change-required');
    is($page->{status}, 200, 'R34 the form');
    is_deeply([ problems($page->{content}) ], [], 'R34 well-formed');
    is(field($page->{content}, $_)->{autocomplete}, 'new-password', "F14 $_") for qw(new_password new_password2);
    is(field($page->{content}, 'submit')->{value}, 'Set password', 'F14 submit');

    my @bad = (
        [ '', '', 'This field is required.' ],
        [ 'short 7', 'short 7', 'Field must be at least 8 characters long.' ],
        [ 'password1', 'password1', qr/^This password is too easy to guess: / ],
        [ 'edithclarke', 'edithclarke', qr/^This password is too easy to guess: / ],
        [ 'given@example.org', 'given@example.org', qr/^This password is too easy to guess: / ],
    );
    for my $try (@bad) {
        my ($one, $two, $expect) = @$try;
        my $reply = $client->submit('/account/change-required', { new_password => $one, new_password2 => $two });
        is($reply->{status}, 200, "F14 '$one': the form again");
        my $said = field_error($reply->{content}, 'new_password');
        ref $expect ? like($said, $expect, "F14 '$one'") : is($said, $expect, "F14 '$one'");
        is(field($reply->{content}, 'new_password')->{value} || '', '', "F14 '$one' is not shown again");
    }
    my $own = 'Quiet-Harbour-Lantern-9';
    my $reply = $client->submit('/account/change-required', { new_password => $own, new_password2 => "$own " });
    is(field_error($reply->{content}, 'new_password2'), 'Passwords must match.', 'F14 compared exactly');
    is($client->get('/')->{headers}{location}, '/account/change-required', 'R34 still due');

    is($other->get('/account/change-required')->{status}, 200, 'another login of the account');
    $reply = $client->submit('/account/change-required', { new_password => $own, new_password2 => $own });
    is($reply->{status}, 303, 'R34 changed: redirect');
    is($reply->{headers}{location}, '/', 'R34 to where the account begins');
    is_deeply([ flashes($client->follow($reply)->{content}) ], ['success: Your password has been updated.'], 'R34, X10 says so');
    is($client->get('/account/manage')->{status}, 200, 'R34 the site is open now');
    is($other->get('/account/manage')->{status}, 302, 'D21 other logins have ended');
    my $user = $site->sql("SELECT id FROM users WHERE email = 'given\@example.org'");
    my @event = $site->error_log =~ /security (event=password_changed .*)/g;
    is(scalar @event, 1, '16.3.3 one event: a refused password changed nothing');
    like($event[0], qr{^event=password_changed user=$user client=127\.0\.0\.1 method=POST path=/account/change-required time=},
        '16.3.3 a changed password is an event, with whose and from where');
    is($client->get('/account/change-required')->{status}, 303, 'R34 nothing is due any more');
    is($site->client->login('given@example.org', $good)->{status}, 200, 'the old password is dead');
    my $again = $site->client;
    is($again->login('given@example.org', $own)->{status}, 303, 'the new one opens');
    is($again->get('/')->{status}, 200, 'and asks for nothing more');
    is($site->client->get('/account/change-required')->{status}, 302, 'R34 needs a login');
}

# ---- R28, F12 ----
{
    my $client = logged_in('ada@example.org');
    my ($name) = keys %{ $client->{jar} };
    my $before = $client->{jar}{$name}{value};
    my $path   = '/account/reauthenticate?next=%2Fabout';
    my $page   = $client->get($path)->{content};
    is_deeply([ problems($page) ], [], 'R28 well-formed');
    is(field($page, 'password')->{autocomplete}, 'current-password', 'F12 password');
    my $reply = $client->submit($path, { password => 'not the password 9' });
    is($reply->{status}, 200, 'R28 a wrong password: the form again');
    is_deeply([ flashes($reply->{content}) ], ['error: This password is not right.'], 'R28 and why');
    $reply = $client->submit($path, { password => $good });
    is($reply->{status}, 303, 'R28 the right one: redirect');
    is($reply->{headers}{location}, '/about', 'R28 to where it was asked for');
    my $old = $site->client;
    $old->{jar}{$name} = { value => $before, path => '/' };
    is($old->get('/account/manage')->{status}, 302, '7.2.4 a new session id, the old one is dead');
    is($client->get('/account/manage')->{status}, 200, 'R28 still logged in');
    is($client->submit('/account/reauthenticate?next=//evil.example', { password => $good })->{headers}{location},
        '/account/manage', 'D3 never off the site');
    is($site->client->get('/account/reauthenticate')->{status}, 302, 'R28 needs a login');
}
$site->stop;
done_testing;
