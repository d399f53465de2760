# The public header, as another module's author meets it: installed, compiled alone, called.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(run_command slurp spew);
use File::Find ();
use File::Temp qw(tempdir);

my $dir = tempdir(CLEANUP => 1);

# ---- make install ----
my %calm = (MAKEFLAGS => undef, MAKELEVEL => undef, MFLAGS => undef);
my ($status, $text) = run_command([ $ENV{MAKE} || 'make', '-s', '-C', FlaskbaseTest->build,
    'install-publicincludeHEADERS', "DESTDIR=$dir/root", 'httpdincludedir=/include' ], env => \%calm);
is($status, 0, 'the header is installed') or diag $text;
my @found;
File::Find::find({ no_chdir => 1, wanted => sub { push @found, $_ if -f } }, "$dir/root");
is_deeply(\@found, [ "$dir/root/include/flaskbase/mod_flaskbase.h" ], 'in flaskbase/ beside the headers of httpd');
unlike(slurp($found[0] || ''), qr/^#\s*include\s*"/m, 'it needs no header that is not installed');

# ---- another module ----
spew("$dir/mod_asker.c", <<'END');
#include <flaskbase/mod_flaskbase.h>
#include <http_config.h>
#include <http_request.h>

static APR_OPTIONAL_FN_TYPE(flaskbase_owns) *owns;

static int look_up(apr_pool_t *a, apr_pool_t *b, apr_pool_t *c, server_rec *s)
{
    (void)a, (void)b, (void)c, (void)s;
    owns = APR_RETRIEVE_OPTIONAL_FN(flaskbase_owns);
    return OK;
}

static int tell(request_rec *r)
{
    int handled = r->handler != NULL && strcmp(r->handler, FLASKBASE_HANDLER) == 0;

    apr_table_setn(r->err_headers_out, "X-Owned", owns == NULL ? "nobody" : owns(r) ? "yes" : "no");
    apr_table_setn(r->err_headers_out, "X-Handled", handled ? "yes" : "no");
    return DECLINED;
}

static void hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_post_config(look_up, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_fixups(tell, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA asker_module = { STANDARD20_MODULE_STUFF, 0, 0, 0, 0, 0, hooks, 0 };
END
my $cc = $ENV{FB_CC} || 'cc';
my $flags = $ENV{FB_CPPFLAGS};
chomp($flags = `pkg-config --cflags apr-1 apr-util-1`) unless defined $flags;
my $httpd = $ENV{FB_HTTPD_CPPFLAGS};
chomp($httpd = '-I' . `apxs -q INCLUDEDIR`) unless defined $httpd;
my $said = `$cc -shared -fPIC -Wall -Wextra -Wno-missing-field-initializers -Werror $flags $httpd -I'$dir/root/include' -o '$dir/mod_asker.so' '$dir/mod_asker.c' 2>&1`;
is($said, '', 'a module compiles with it') or BAIL_OUT('no module to ask with');

my $load = "LoadModule asker_module \"$dir/mod_asker.so\"\n";
my $site = FlaskbaseTest->start(head => $load, users => [], htdocs => { 'plain.txt' => "plain\n" });
my $client = $site->client;
for my $row ([ '/', 'yes' ], [ '/about', 'yes' ], [ '/account/login', 'yes' ], [ '/plain.txt', 'no' ]) {
    my ($path, $answer) = @$row;
    my $page = $client->get($path);
    is($page->{headers}{'x-owned'}, $answer, "flaskbase_owns: $path");
    is($page->{headers}{'x-handled'}, $answer, "FLASKBASE_HANDLER: $path");
}
$site->stop;

my $off = FlaskbaseTest->start(head => $load, on => 0, htdocs => { 'plain.txt' => "plain\n" });
is($off->client->get('/plain.txt')->{headers}{'x-owned'}, 'no', 'flaskbase_owns: nothing where the module is off');
$off->stop('off');
done_testing;
