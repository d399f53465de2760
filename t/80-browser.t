# An administrator logs in and out with a real browser, on a desktop, on a phone, and without
# scripts (R3, R5, R16, X2, X12, X13). Needs node, chromium and build/browser
# (./quickstart check installs all three).
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(run_command);

my $library = FlaskbaseTest->build . '/browser/node_modules';
my ($browser) = grep { -x } $ENV{BROWSER} || (), qw(/usr/bin/chromium /usr/bin/chromium-browser);
my ($status) = run_command([ 'node', '--version' ]);
plan skip_all => 'no node'                                     if $status;
plan skip_all => 'no chromium'                                 unless $browser;
plan skip_all => "no playwright-core in $library (see quickstart)" unless -d "$library/playwright-core";

my ($email, $password) = ('owner@example.org', 'violet-otter-harbour-91');
my $site = FlaskbaseTest->start(
    users => [ { email => $email, password => $password, role => 'Administrator' } ]);
my ($ended, $said) = run_command(
    [ 'node', FlaskbaseTest->top . '/t/browser/login.js', $site->url, $email, $password ],
    env => { NODE_PATH => $library, BROWSER => $browser, HOME => $site->dir });
my $facts = 0;
for my $line (split /\n/, $said) {
    if ($line =~ /^(not )?ok - (.*)/) {
        ok(!$1, $2);
        $facts++;
    }
    else {
        diag $line;
    }
}
is($ended, 0, 'the browser script ends well');
cmp_ok($facts, '>=', 45, 'and looked at everything');
$site->stop;
done_testing;
