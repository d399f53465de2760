# Visitor x route x method, from the route table itself (X2-X5, R34; ASVS 8.2.1, 8.2.2, 8.3.1): a new
# row is tried with every visitor and method, without this test knowing it.
use strict;
use warnings;
use JSON::PP ();
use Test::More;
use FlaskbaseTest;

my $good = 'Lattice-Umbrella-47';
my @users = (
    { email => 'user@example.org',        password => $good },
    { email => 'admin@example.org',       password => $good, role => 'Administrator' },
    { email => 'unconfirmed@example.org', password => $good, unconfirmed => 1 },
    { email => 'given@example.org',       password => $good, must_change => 1 },
);
my $site = FlaskbaseTest->start(users => \@users);

# What the site looks like from the inside; nothing of it may change by requests without a token.
sub state_of_things {
    return $site->sql('SELECT id, confirmed, first_name, last_name, email, password_hash, role_id FROM users ORDER BY id;'
            . 'SELECT * FROM roles ORDER BY id; SELECT * FROM editable_html ORDER BY id;'
            . 'SELECT count(*) FROM sessions WHERE ended_at IS NULL');
}

my %visitor = (anonymous => $site->client);
for my $user (@users) {
    my ($name) = $user->{email} =~ /^(\w+)/;
    $visitor{$name} = $site->client;
    my $reply = $visitor{$name}->login($user->{email}, $good);
    is($reply->{status}, 303, "$name is logged in");
}
my $routes = JSON::PP::decode_json($site->cli_ok('routes', '--json'));
cmp_ok(scalar @$routes, '>=', 10, 'the table of routes');
my $before = state_of_things();

# What the table and SPEC section 1 promise: a status, and where a redirect leads.
sub promised {
    my ($who, $route, $method) = @_;
    my %allowed = map { ($_ => 1) } @{ $route->{methods} }, 'OPTIONS';
    $allowed{HEAD} = 1 if $allowed{GET};
    return (405) unless $allowed{$method};
    return (204) if $method eq 'OPTIONS';
    my $safe = $method eq 'GET' || $method eq 'HEAD';
    my $open = $route->{access} eq 'anyone' || $route->{access} eq 'anonymous';
    if ($who eq 'anonymous') {
        return (302, qr{^/account/login\b}) unless $open;
        return $safe ? (qr/^(?:200|303)$/) : (400);
    }
    return (200) if ($route->{notes} || '') =~ /no session/;
    my $exempt = $route->{endpoint} =~ /^account\.(?:logout|change_required)$/;
    return (qr/^30[23]$/, qr{^/account/change-required$}) if $who eq 'given' && !$exempt;
    return (qr/^30[23]$/, qr{^/account/unconfirmed$})
        if $who eq 'unconfirmed' && $route->{endpoint} !~ /^account\./;
    return (qr/^30[23]$/, qr{^/$}) if $route->{access} eq 'anonymous';
    return (403) if $route->{permission} & ~1 && $who ne 'admin';
    return $safe ? (qr/^(?:200|303)$/) : (400);
}

for my $route (@$routes) {
    like($route->{access}, qr/^(?:anyone|anonymous|login|fresh login)$/, "$route->{endpoint}: a policy")
        or next;
    (my $path = $route->{path}) =~ s/<int:\w+>/1/g;
    $path =~ s/<path:filename>/styles\/app.css/;
    $path =~ s/<(?:\w+:)?\w+>/x/g;
    for my $who (sort keys %visitor) {
        for my $method (qw(GET HEAD POST PUT PATCH DELETE OPTIONS get FOO)) {
            my ($status, $where) = promised($who, $route, $method);
            my %content = $method =~ /^(?:POST|PUT|PATCH)$/
                ? (content => 'a=b', headers => { 'content-type' => 'application/x-www-form-urlencoded' }) : ();
            my $reply = $visitor{$who}->request($method, $path, %content);
            my $name  = "$method $path by $who";
            my $good  = ref $status ? $reply->{status} =~ $status : $reply->{status} == $status;
            $good &&= ($reply->{headers}{location} || '') =~ $where if $where;
            ok($good, $name) or diag("$reply->{status} " . ($reply->{headers}{location} || '') . ", not $status");
            ok($reply->{headers}{allow}, "$name: Allow") if $reply->{status} == 405;
        }
    }
}
is(state_of_things(), $before, '3.5.3 nothing of it changed anything');
$site->stop;
done_testing;
