# The pages for everybody: keyboard alone, phone and desktop, light and dark, with and without
# JavaScript, axe on every page (X13, D33, T2, R3, R5; ASVS 1.2.1, 3.4.3 in a real browser).
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(run_command);

my $modules = FlaskbaseTest->build . '/browser';
my ($browser) = grep { -x } $ENV{BROWSER} || (), qw(/usr/bin/chromium /usr/bin/chromium-browser);
my ($status) = run_command([ 'node', '--version' ]);
plan skip_all => 'no node'                                          if $status;
plan skip_all => 'no chromium'                                      unless $browser;
plan skip_all => "no axe-core in $modules (see quickstart)" unless -d "$modules/node_modules/axe-core";

my $canary = q{'"><x y=1>{{7*7}}</script>};
my $site   = FlaskbaseTest->start(
    env   => { LOGIN_LIMIT_ACCOUNT => '1000/1m' },
    users => [ { email => 'root@example.org', password => 'Lattice-Umbrella-47', role => 'Administrator',
        first => 'Grace', last => $canary } ]);
my ($ended, $text) = run_command(
    [ 'node', FlaskbaseTest->top . '/t/browser/accessibility.mjs', $site->url, $modules, 'root@example.org',
        'Lattice-Umbrella-47' ],
    env => { BROWSER => $browser, HOME => $site->dir });
my $finished = 0;
for my $line (split /\n/, $text) {
    if ($line =~ /^(not )?ok - (.*)$/) {
        ok(!$1, $2);
        $finished = 1 if $2 eq 'finished';
    }
    else {
        diag($line);
    }
}
ok($finished && $ended == 0, 'the browser walked to the end');
$site->stop;
done_testing;
