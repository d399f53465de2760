# The template language against Jinja2: recorded cases, and fresh ones made with python3-jinja2 (T7).
use strict;
use warnings;

use File::Temp;
use FindBin qw($Bin);
use Test::More;

my $build  = $ENV{FB_BUILDDIR} || "$Bin/../build";
my $cli    = $ENV{FB_CLI}      || "$build/flaskbase";
my $python = '/usr/bin/python3';
my $folder = File::Temp->newdir;

# Runs a file of cases; every one must pass, and there must be at least $least.
sub passes {
    my ($file, $least, $what) = @_;
    open my $pipe, '-|', $cli, 'render', '--cases', $file, '--verbose' or die "$cli: $!";
    my @lines = <$pipe>;
    my $clean = close $pipe;
    my ($passed, $failed) = (@lines ? $lines[-1] : '') =~ /^(\d+) passed, (\d+) failed$/;
    ok($clean && defined $passed && $failed == 0 && $passed >= $least, $what)
        or diag(@lines > 60 ? @lines[ 0 .. 59 ] : @lines);
    return;
}

# The output of one of the generators in a file of its own.
sub made {
    my ($script, @options) = @_;
    my $file = "$folder/" . join('-', $script, @options) . '.jsonl';
    open my $out, '>', $file or die "$file: $!";
    open my $pipe, '-|', $python, "$Bin/jinja/$script", @options or die "$python: $!";
    print {$out} $_ while <$pipe>;
    close $pipe or die "$script failed";
    close $out or die "$file: $!";
    return $file;
}

passes("$Bin/jinja/web.jsonl", 131, 'T7 templates of a web application');
passes("$Bin/jinja/corners.jsonl", 299, 'T7 corner cases');
passes("$Bin/jinja/calls.jsonl", 1000, 'T7 calls of filters, tests, methods and formats');

passes("$Bin/jinja/differences.jsonl", 4, 'T7 what differs from Jinja2 (docs/templates.md)');

# A recorded suite, if there is one beside the clone; one that is asked for by name must be there.
my $suite = $ENV{JINJA_SUITE} || "$Bin/../../shared/corpus/jinja-suite.jsonl";
passes($suite, 505, 'T7 the recorded suite') if $ENV{JINJA_SUITE} || -f $suite;

SKIP: {
    skip 'python3-jinja2 is not installed', 4
        if system("$python -c 'import jinja2' 2>/dev/null") != 0;
    for my $seed (1, 2) {
        passes(made('gen.py', '--seed', $seed, '--count', 250, '--errors', '0.1'), 200,
            "T7 generated templates, seed $seed");
        passes(made('calls.py', $seed, 400), 400, "T7 generated calls, seed $seed");
    }
}
done_testing;
