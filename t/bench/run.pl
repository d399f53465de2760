# Measures the home page against a static file of the same size and against a handler with a
# constant answer, in the same httpd, in turns, so that a machine's moods meet all of them alike.
# Prints requests per second, and httpd's processor time per request, which other work on the
# machine disturbs less; nothing passes or fails. Needs wrk.
#
#   make bench [BENCH_SECONDS=2] [BENCH_ROUNDS=7]
use strict;
use warnings;
use POSIX ();
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

# Seconds of processor time that httpd and its children have used so far.
my $tick = POSIX::sysconf(&POSIX::_SC_CLK_TCK);
sub used {
    my $sum = 0;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        defined(my $line = <$in>) or next;
        my ($pid, $rest) = $line =~ /^(\d+) \(.*\) (.*)$/ or next;
        my @fields = split ' ', $rest; # from field 3 on
        $sum += $fields[11] + $fields[12] if $pid == $site->pid || $fields[1] == $site->pid;
    }
    return $sum / $tick;
}

# Requests per second, microseconds of processor time per request; dies when an answer was no success.
sub measure {
    my ($path, $header) = @_;
    my $before = used();
    my ($status, $text) = run_command([
        'wrk', '-t1', '-c16', "-d${seconds}s", ($header ? ('-H', "Cookie: $header") : ()),
        $site->url . $path
    ]);
    die "wrk: $text" if $status || $text =~ /Non-2xx/;
    my ($rate) = $text =~ m{Requests/sec:\s+([\d.]+)} or die "wrk: $text";
    my ($count) = $text =~ m{(\d+) requests in} or die "wrk: $text";
    return ($rate, (used() - $before) / $count * 1e6);
}

my (%rates, %costs);
measure(@$_[1, 2]) for @subjects;    # warm up
for my $round (1 .. $rounds) {
    for my $subject (@subjects) {
        my ($rate, $cost) = measure(@$subject[1, 2]);
        push @{ $rates{ $subject->[0] } }, $rate;
        push @{ $costs{ $subject->[0] } }, $cost;
    }
}
$site->end;

sub median {
    my @sorted = sort { $a <=> $b } @_;
    return $sorted[ @sorted / 2 ];
}
printf "%d bytes, median of %d rounds of %s s, 16 connections\n\n", $size, $rounds, $seconds;
printf "%-22s %10s %9s %11s %10s %9s %11s\n", '', 'requests/s', 'x static', 'x constant',
    'us/request', 'x static', 'x constant';
my ($static, $constant) = map { $_->[0] } @subjects[0, 1];
for my $subject (map { $_->[0] } @subjects) {
    my ($rate, $cost) = (median(@{ $rates{$subject} }), median(@{ $costs{$subject} }));
    printf "%-22s %10.0f %9.2f %11.2f %10.1f %9.2f %11.2f\n", $subject, $rate,
        $rate / median(@{ $rates{$static} }), $rate / median(@{ $rates{$constant} }), $cost,
        median(@{ $costs{$static} }) / $cost, median(@{ $costs{$constant} }) / $cost;
}
