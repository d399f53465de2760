# The module's face to the dynamic linker: one symbol goes out, none of ours is missing, and the
# load file works although a2enmod loads in alphabetical order, mod_session last.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(run_command slurp spew);
use File::Temp qw(tempdir);

my $module = FlaskbaseTest->module;
my ($status, $text) = run_command([ 'nm', '-D', '--defined-only', $module ]);
is($status, 0, 'nm reads the module') or diag $text;
my @out = grep { !/^(_init|_fini|_edata|_end|__bss_start|__\w*san\w*|__odr_asan.*)$/ }
    map { /(\S+)$/ ? $1 : () } split /\n/, $text;
is("@out", 'flaskbase_module', 'it exports its module structure and nothing else');
($status, $text) = run_command([ 'nm', '-D', '--undefined-only', $module ]);
is(join(' ', $text =~ /\b(fb_\w+)/g), '', 'nothing of the library is missing in it');

# ---- the load file ----
my $dir  = tempdir(CLEANUP => 1);
my $load = slurp(FlaskbaseTest->build . '/conf/flaskbase.load');
like($load, qr/^# Depends: .*\bdbd\b.*\bsession\b/m, 'a2enmod learns what it depends on');
$load =~ s{^(LoadModule flaskbase_module) .*}{$1 "$module"}m;
my $modules = FlaskbaseTest->modules;

# As Debian's mods-enabled: ours, then the alphabet goes on.
sub configtest {
    my ($ours) = @_;
    my $text = "ServerRoot \"$dir\"\nServerName localhost\nListen 127.0.0.1:1\nDefaultRuntimeDir \"$dir\"\n"
        . "ErrorLog \"$dir/error.log\"\n";
    for my $name (qw(mpm_event authz_core)) {
        $text .= "LoadModule ${name}_module \"$modules/mod_$name.so\"\n";
    }
    $text .= $ours;
    for my $name (qw(reqtimeout session)) {
        $text .= "LoadModule ${name}_module \"$modules/mod_$name.so\"\n";
    }
    $text .= 'Include "' . FlaskbaseTest->top . "/conf/hardening.conf\"\n";
    return run_command([ FlaskbaseTest->httpd, '-t', '-f', spew("$dir/httpd.conf", $text) ],
        env => FlaskbaseTest->new(site => 0)->_httpd_env);
}
($status, $text) = configtest($load);
is($status, 0, 'the load file works before session.load') or diag $text;
unlike($text, qr/already loaded/, 'and loads nothing twice');
done_testing;
