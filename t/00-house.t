# The house: includes go left only, httpd stays in its room, every file is listed, opens with a
# sentence, ends its includes with banned.h, and nothing of one machine is written down.
use strict;
use warnings;
use Test::More;
use File::Find;

my $top = $ENV{FB_SRCDIR} || '.';
chdir $top or die "$top: $!";

# What each room may include besides itself.
my %left = (
    base     => [],
    template => ['base'],
    store    => ['base'],
    web      => [qw(base template store)],
    mail     => [qw(base template store)],
    app      => [qw(base template store web mail)],
    httpd    => [qw(base template store web mail app)],
    cli      => [qw(base template store web mail app)],
);
# Files longer than the house's measure, each with its reason.
my %long = (
    'mod_flaskbase/template/chars_entities.h' => 'the table of HTML entities',
);
my $LINES   = 800;
my $COLUMNS = 100;

sub slurp {
    my ($path) = @_;
    open my $in, '<:encoding(UTF-8)', $path or die "$path: $!";
    local $/;
    my $text = <$in>;
    return defined $text ? $text : '';
}

# C text without comments and string contents, lines kept.
sub code_of {
    my ($text) = @_;
    $text =~ s{(/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')}
              { my $t = $1; my $n = ($t =~ tr/\n//); ($t =~ /^"/ ? '""' : ' ') . "\n" x $n }gsex;
    return $text;
}

my @files;
find({ no_chdir => 1, wanted => sub { push @files, $_ if -f && m{\.[ch]$} } }, 'mod_flaskbase');
@files = sort @files;
ok(@files > 0, 'there are sources');

my (%bad, @report);
for my $path (@files) {
    my ($room, $name) = $path =~ m{^mod_flaskbase/([^/]+)/(.+)$};
    if (!defined $room || !$left{$room}) {
        push @{ $bad{rooms} }, "$path is in no room";
        next;
    }
    my $text  = slurp($path);
    my $code  = code_of($text);
    my @lines = split /\n/, $text, -1;
    my %may   = map { $_ => 1 } $room, @{ $left{$room} };
    my @includes;
    my $number = 0;
    for my $line (@lines) {
        $number++;
        push @{ $bad{layout} }, "$path:$number: tab or blank at the end" if $line =~ /\t|[ ]$/;
        push @{ $bad{layout} }, "$path:$number: longer than $COLUMNS columns"
            if length $line > $COLUMNS;
        next unless $line =~ /^\s*#\s*include\s+(["<])([^">]+)[">]/;
        my ($kind, $file) = ($1, $2);
        push @includes, $file if $file =~ /\.h$/;
        if ($kind eq '"') {
            my ($of) = $file =~ m{^([^/]+)/};
            push @{ $bad{layers} }, "$path:$number: $room may not include $file"
                unless defined $of && $may{$of};
        }
        elsif ($room ne 'httpd' && $file =~ m{^(httpd|http_\w+|ap_\w+|mod_\w+|util_\w+|mpm_common|scoreboard|unixd)\.h$}) {
            push @{ $bad{httpd} }, "$path:$number: <$file> belongs to httpd/";
        }
    }
    if ($room ne 'httpd') {
        while ($code =~ /\b(ap_[a-z]\w*)\s*\(/g) {
            push @{ $bad{httpd} }, "$path: calls $1()";
        }
    }
    push @{ $bad{opening} }, "$path does not open with a sentence on what lives there"
        unless $text =~ m{\A/\*\s*\S};
    if ($path =~ /\.c$/) {
        push @{ $bad{banned} }, "$path: the last include is not base/banned.h"
            unless ((grep { !/\.def$/ } @includes)[-1] || '') eq 'base/banned.h';
    }
    else {
        (my $guard = uc "FB_${room}_$name") =~ s/\W/_/g;
        push @{ $bad{guards} }, "$path: no include guard $guard"
            unless $text =~ /^#ifndef \Q$guard\E\n#define \Q$guard\E\n/m;
    }
    if (@lines > 600) {
        push @report, sprintf '%5d lines: %s', scalar @lines, $path;
        push @{ $bad{length} }, "$path has " . @lines . ' lines: split it into rooms'
            if @lines > $LINES && !$long{$path};
    }
}
note "files over 600 lines:\n" . join "\n", @report if @report;

for my $room (sort keys %left) {
    my $listed = slurp("mod_flaskbase/$room/room.am");
    for my $path (grep { m{^mod_flaskbase/$room/} } @files) {
        push @{ $bad{listed} }, "$path is not in mod_flaskbase/$room/room.am"
            unless $listed =~ /[ \t]\Q$path\E\s/;
    }
    for my $test (glob "t/unit/${room}_*.c") {
        (my $program = $test) =~ s/\.c$//;
        push @{ $bad{listed} }, "$test is not in mod_flaskbase/$room/room.am"
            unless $listed =~ /[ \t]\Q$program\E\s/;
    }
}

my %what = (
    rooms   => 'every source lives in a room',
    layers  => 'includes go left only, and never to a sibling',
    httpd   => 'only httpd/ knows httpd',
    opening => 'every source opens with a sentence',
    banned  => 'every .c file ends its includes with base/banned.h',
    guards  => 'every header has its guard',
    length  => "no source is longer than $LINES lines",
    layout  => "no tabs, no trailing blanks, at most $COLUMNS columns",
    listed  => 'every source and unit test is listed in its room.am',
);
for my $kind (sort keys %what) {
    is(join("\n", @{ $bad{$kind} || [] }), '', $what{$kind});
}

# ASVS 1.2.5: no shell. banned.h, which every .c file ends its includes with, poisons what starts one;
# the one file that starts programs hands over a list of words.
my $poisoned = join ' ', slurp('mod_flaskbase/base/banned.h') =~ /^#pragma GCC poison (.*)$/mg;
like($poisoned, qr/\b$_\b/, "1.2.5 $_ is a compile error") for qw(system popen);
my @starts;
for my $path (@files) {
    my $code = code_of(slurp($path));
    push @starts, "$path: $1" while $code =~ /\b(execl\w*|exec[vp]\w*|posix_spawnp?|apr_proc_create|ap_os_create\w*)\s*\(/g;
}
is_deeply(\@starts, [ map { "mod_flaskbase/cli/devel.c: $_" } qw(execvp execv) ],
    '1.2.5 only the command line starts programs, by lists of words');

# ASVS 1.3.10: formats are checked in every build, and nowhere excepted.
my ($flags) = slurp('configure.ac') =~ /^FB_CC_FLAGS\(\[FB_CFLAGS\], \[([^\]]*)\]/m;
like($flags || '', qr/(?:^|\s)-Wformat=2(?:\s|$)/, '1.3.10 configure asks for -Wformat=2');
my $makefile = ($ENV{FB_BUILDDIR} || 'build') . '/Makefile';
if (-f $makefile) {
    like(slurp($makefile), qr/^FB_CFLAGS = .*\s-Wformat=2(?:\s|$)/m, '1.3.10 and this build has it');
}
my @excepted = grep { slurp($_) =~ /diagnostic\s+ignored\s+"-Wformat/ } @files;
is_deeply(\@excepted, [], '1.3.10 no source switches it off');

# Paths of one machine, accounts, registry addresses, numbers of tickets. Written with classes in them, so that
# this file does not find itself.
my @machine = (
    qr{(?<![\w.])/wor[k]/}, qr{/tmp/brie[f]}, qr{(?<![\w.])/roo[t]/}, qr{(?<![\w.\}/])/hom[e]/(?!(?:me|srv)\b)\w+},
    qr{registr[y]\.npmjs}, qr{deb\.nodesourc[e]}, qr{"resolve[d]":\s*"http},
    qr{\bissu[e]s? #?[0-9]}i,
);
my @found;
find({
    no_chdir => 1,
    wanted   => sub {
        if (-d && m{(^|/)(\.git|build|build-[^/]*|_build|_inst|instance|node_modules|autom4te\.cache|build-aux|\.deps|\.libs)$}) {
            $File::Find::prune = 1;
            return;
        }
        return unless -f && -T && !m{(^\./(\.git|configure|configure~|aclocal\.m4|Makefile\.in|Makefile|config\.(log|status)|libtool)$|\.(log|trs|l[oa]|o)$|^\./m4/l(ib)?t)};
        my $path = $_;
        open my $in, '<', $path or return;
        while (my $line = <$in>) {
            for my $pattern (@machine) {
                push @found, "$path:$.: $line" if $line =~ $pattern;
            }
        }
    },
}, '.');
is(join('', @found), '', 'nothing of one machine, registry or list of tickets is written down');

done_testing();
