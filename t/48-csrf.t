# Requests from elsewhere, with a right token: X1; ASVS 3.5.1, 3.5.3.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest;
use FlaskbaseTest::Page qw(text problems);

my $good = 'Lattice-Umbrella-47';
my $site = FlaskbaseTest->start(users => [ { email => 'ada@example.org', password => $good } ]);
my $own  = $site->url;

# Posts the logout form without the field, unless it is among `fields`; gives (client, reply).
sub log_out {
    my ($fields, %headers) = @_;
    my $client = $site->client;
    is($client->login('ada@example.org', $good)->{status}, 303, 'logged in');
    my $token = FlaskbaseTest::Client::token($client->get('/account/logout')->{content});
    for ($fields ? values %$fields : (), values %headers) {
        $_ = $token if $_ eq 'TOKEN';
    }
    return ($client, $client->post('/account/logout', $fields || {}, %headers));
}

my %field = (csrf_token => 'TOKEN');

# [ name, fields, headers ]
my @accepted = (
    [ 'the header instead of the field', {},       'X-CSRFToken' => 'TOKEN' ],
    [ 'our own Origin',                  {%field}, Origin => $own ],
    [ 'our own Origin, as browsers send it', {%field}, Origin => $own, 'Sec-Fetch-Site' => 'same-origin' ],
    [ 'Origin null from our own page',   {%field}, Origin => 'null', 'Sec-Fetch-Site' => 'same-origin' ],
    [ 'header and Origin',               {},       'X-CSRFToken' => 'TOKEN', Origin => $own ],
    [ 'typed by the visitor',            {%field}, 'Sec-Fetch-Site' => 'none' ],
);
for my $row (@accepted) {
    my ($name, $fields, %headers) = @$row;
    my ($client, $reply) = log_out($fields, %headers);
    is($reply->{status}, 303, "X1 $name: accepted");
    is($client->get('/account/manage')->{status}, 302, "X1 $name: and done");
}

(my $other_port = $own) =~ s/(\d+)$/$1 + 1/e;
(my $https = $own) =~ s/^http:/https:/;
my @refused = (
    [ 'another Origin',                  {%field}, Origin => 'https://evil.example' ],
    [ 'another Origin and the header',   {},       'X-CSRFToken' => 'TOKEN', Origin => 'https://evil.example' ],
    [ 'an Origin that begins as ours',   {%field}, Origin => "$own.evil.example" ],
    [ 'an Origin with our host as user', {%field}, Origin => "$own\@evil.example" ],
    [ 'another port',                    {%field}, Origin => $other_port ],
    [ 'another scheme',                  {%field}, Origin => $https ],
    [ 'an empty Origin',                 {%field}, Origin => '' ],
    [ 'cross-site',                      {%field}, 'Sec-Fetch-Site' => 'cross-site' ],
    [ 'cross-site with our Origin',      {%field}, 'Sec-Fetch-Site' => 'cross-site', Origin => $own ],
    [ 'same-site, which is not ours',    {%field}, 'Sec-Fetch-Site' => 'same-site' ],
    [ 'Origin null from elsewhere',      {%field}, 'Sec-Fetch-Site' => 'cross-site', Origin => 'null' ],
    [ 'a wrong header beside a right field', {%field}, 'X-CSRFToken' => 'x' ],
    [ 'an empty header beside a right field', {%field}, 'X-CSRFToken' => '' ],
);
for my $row (@refused) {
    my ($name, $fields, %headers) = @$row;
    my ($client, $reply) = log_out($fields, %headers);
    is($reply->{status}, 400, "X1 $name: 400");
    is_deeply([ problems($reply->{content}) ], [], "X1 $name: with a page");
    is($client->get('/account/manage')->{status}, 200, "X1 $name: and nothing changed");
}
my $refusals = () = $site->error_log =~ m{security event=csrf_refused user=1 client=127\.0\.0\.1 method=POST path=/account/logout }g;
is($refusals, scalar @refused, '16.3.3 each is an event');

# A login from elsewhere signs nobody in, and its password is not even looked at.
{
    my $client = $site->client;
    my $reply  = $client->submit('/account/login', { email => 'ada@example.org', password => $good },
        Origin => 'https://evil.example');
    is($reply->{status}, 400, 'X1 login from elsewhere: 400');
    like(text($reply->{content}), qr/came from another site/, 'X1 and why');
    is($client->get('/account/manage')->{status}, 302, 'X1 nobody is logged in');
}

# The token of the header belongs to a session like that of the field.
{
    my ($client, $other) = ($site->client, $site->client);
    $client->login('ada@example.org', $good);
    my $token = FlaskbaseTest::Client::token($other->get('/account/login')->{content});
    is($client->post('/account/logout', {}, 'X-CSRFToken' => $token)->{status}, 400,
        "X1 another visitor's token in the header: 400");
    is($client->get('/account/manage')->{status}, 200, 'X1 and nothing changed');
}
$site->stop;
done_testing;
