# Measures the home page against a static file of the same size and against a handler with a
# constant answer, in the same httpd, in turns, so that a machine's moods meet all of them alike.
# Prints requests per second and ratios; nothing passes or fails. Needs wrk.
#
#   make bench [BENCH_SECONDS=2] [BENCH_ROUNDS=7]
use strict;
use warnings;
use FlaskbaseTest qw(run_command);

my $seconds = $ENV{BENCH_SECONDS} || 2;
my $rounds  = $ENV{BENCH_ROUNDS}  || 7;
my $build   = $ENV{FB_BUILDDIR}   || 'build';
my $password = 'violet-otter-harbour-91';

my ($found) = run_command([ 'wrk', '--version' ]);
die "make bench needs wrk: apt-get install wrk\n" if $found == 127;

my $probe = FlaskbaseTest->start(users => []);
my $size  = length $probe->client->get('/')->{content};
$probe->end;

my $site = FlaskbaseTest->start(
    threads => 25,
    env     => { FLASK_CONFIG => 'production', SSL_DISABLE => 'true' },
    htdocs  => { 'same.html' => 'x' x $size },
    users   => [ { email => 'bench@example.org', password => $password, role => 'Administrator' } ],
    conf    => <<"END",
LoadModule constant_module "$build/t/bench/.libs/mod_constant.so"
BenchConstant $size
<Location /constant>
SetHandler bench-constant
</Location>
END
);
my $client = $site->client;
my $reply = $client->submit('/account/login',
    { email => 'bench@example.org', password => $password });
die "login answered $reply->{status}\n" unless $reply->{status} == 303;
my $cookie = $client->cookie_header('/');

my @subjects = (
    [ 'static file',           '/same.html' ],
    [ 'constant handler',      '/constant' ],
    [ 'home page, anonymous',  '/' ],
    [ 'home page, logged in',  '/', $cookie ],
);

# Requests per second; dies when an answer was no success.
sub measure {
    my ($path, $header) = @_;
    my ($status, $text) = run_command([
        'wrk', '-t1', '-c16', "-d${seconds}s", ($header ? ('-H', "Cookie: $header") : ()),
        $site->url . $path
    ]);
    die "wrk: $text" if $status || $text =~ /Non-2xx/;
    my ($rate) = $text =~ m{Requests/sec:\s+([\d.]+)} or die "wrk: $text";
    return $rate;
}

my %rates;
measure(@$_[1, 2]) for @subjects;    # warm up
for my $round (1 .. $rounds) {
    push @{ $rates{ $_->[0] } }, measure(@$_[1, 2]) for @subjects;
}
$site->end;

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[ @sorted / 2 ];
}
my $static = median(@{ $rates{'static file'} });
my $constant = median(@{ $rates{'constant handler'} });
printf "%d bytes, median of %d rounds of %s s, 16 connections\n\n", $size, $rounds, $seconds;
printf "%-24s %10s %10s %12s\n", '', 'requests/s', 'x static', 'x constant';
for my $subject (@subjects) {
    my $rate = median(@{ $rates{ $subject->[0] } });
    printf "%-24s %10.0f %10.2f %12.2f\n", $subject->[0], $rate, $rate / $static, $rate / $constant;
}
