# Every header compiles alone: it includes what it needs, in either compiler's eyes.
use strict;
use warnings;
use Test::More;
use File::Temp qw(tempdir);

my $top = $ENV{FB_SRCDIR} || '.';
my $cc  = $ENV{FB_CC} || 'cc';
my $own = $ENV{FB_CPPFLAGS};
chomp($own = `pkg-config --cflags apr-1 apr-util-1 openssl sqlite3 libpq`) unless defined $own;
my $httpd = $ENV{FB_HTTPD_CPPFLAGS};
chomp($httpd = '-I' . `apxs -q INCLUDEDIR`) unless defined $httpd;

chdir $top or die "$top: $!";
my $dir = tempdir(CLEANUP => 1);
my @headers = sort glob 'mod_flaskbase/*/*.h mod_flaskbase/*/*/*.h';
ok(@headers > 0, 'there are headers');
for my $header (@headers) {
    my ($room, $name) = $header =~ m{^mod_flaskbase/([^/]+)/(.+)$};
    my $flags = $room eq 'httpd' ? "$own $httpd" : $own;
    open my $out, '>', "$dir/alone.c" or die "$dir: $!";
    # Twice, for the guard; the declaration keeps the unit from being empty.
    print {$out} qq{#include "$room/$name"\n#include "$room/$name"\nextern int fb_alone;\n};
    close $out or die "$dir: $!";
    my $said = `$cc -std=c11 -Wall -Wextra -Wundef -Werror -Wno-unused-function -fsyntax-only -Imod_flaskbase $flags $dir/alone.c 2>&1`;
    is($said, '', "$header compiles alone");
}
done_testing();
