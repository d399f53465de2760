# What all commands have in common: names, help, exit statuses, messages; and the commands about
# the configuration: C1, C2, C11, section 5 and 6 of the specification. ASVS 13.3.1, 16.2.5.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Temp ();
use FlaskbaseTest qw(slurp spew free_port run_command);
use FlaskbaseTest::Cli;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes ();

my $cli = FlaskbaseTest::Cli->new;
my $program = $ENV{FB_CLI} || FlaskbaseTest->build . '/flaskbase';

# Exit status, standard output, standard error of a command line, and whether each is as expected.
sub is_run {
    my ($args, $status, $out, $err, $what) = @_;
    my @got = $cli->run($args);
    is($got[0], $status, "$what: exit status") or diag("$got[1]$got[2]");
    like($got[1], $out, "$what: standard output");
    like($got[2], $err, "$what: standard error");
    return $got[1];
}

# ---- names, help ----

is_run('', 2, qr/^\z/, qr/which command\?\n.*--help/, 'no command');
my $list = is_run('--help', 0, qr/^Usage: flaskbase COMMAND/, qr/^\z/, 'help');
is(is_run('help', 0, qr/Commands:/, qr/^\z/, 'the command help'), $list, 'help twice the same');
is_run('--version', 0, qr/^flaskbase \d+\.\d+\.\d+\n\z/, qr/^\z/, 'version');
my @commands = map { /^## `flaskbase ([a-z][a-z -]*[a-z])/ ? $1 : () } split /\n/, ($cli->run('reference commands'))[1];
cmp_ok(scalar @commands, '>', 20, 'commands of the reference');
my ($manual) = ($cli->run('help --man'))[1];
$manual =~ s/\\-/-/g;
for my $command (@commands) {
    like($list, qr/^  \Q$command\E(?: |$)/m, "$command is in the list");
    my ($status, $text) = $cli->run("$command --help");
    is($status, 0, "$command --help");
    like($text, qr/^Usage: flaskbase \Q$command\E.*\n\n\S.*\.\n/, "$command says what it does");
    like($manual, qr/^\.SS \Q$command\E/m, "$command is in the manual");
    (my $other = $command) =~ tr/-/_/;
    is(($cli->run("$other --help"))[1], $text, "$command as $other") if $other ne $command;
    is(($cli->run("help $command"))[1], $text, "help $command");
}
unlike($list . ($cli->run('reference commands'))[1], qr/[^\x20-\x7e\n]/, 'plain text in a pipe');

# ---- wrong command lines ----

is_run('confg check', 2, qr/^\z/, qr/no command "confg" like this; there is: .*config check/, 'misspelt');
is_run('zzz', 2, qr/^\z/, qr/no command "zzz"\n/, 'unknown command');
is_run('config check --zzz', 2, qr/^\z/, qr/unknown option --zzz\n.*config check --help/, 'unknown option');
is_run('config check -z', 2, qr/^\z/, qr/unknown option -z/, 'unknown letter');
is_run('config check --json=1', 2, qr/^\z/, qr/--json takes no value/, 'value for a flag');
is_run('runserver --port', 2, qr/^\z/, qr/--port needs a value: --port PORT/, 'missing value');
is_run('runserver --port x', 2, qr/^\z/, qr/--port must be a whole number from 1 to 65535, not "x"/, 'wrong number');
is_run('secret-key more', 2, qr/^\z/, qr/too much: "more"/, 'too much');
is_run('reference', 2, qr/^\z/, qr/missing: /, 'missing operand');
is_run([ 'secret-key', '--', '--json' ], 2, qr/^\z/, qr/too much: "--json"/, 'operands behind --');

# ---- secret-key ----

my %seen;
for (1 .. 5) {
    my $key = $cli->ok('secret-key');
    like($key, qr/^[A-Za-z0-9_-]{43}\n\z/, 'C11 a key of 32 bytes');
    ok(!$seen{$key}++, 'C11 a new one each time');
}

# ---- config check ----

my $check = is_run('config check', 0, qr/^SETTING +VALUE +FROM\n.*^note: httpd has not served this site yet/ms,
    qr/^\z/, 'C11 config check');
my $home = $cli->home;
like($check, qr/^SECRET_KEY +\(set\) +\Q$home\E\/config\.env:\d+$/m, 'C11 a secret is not shown');
unlike($check, qr/n3Vq8/, 'V13 nor any part of it');
like($check, qr/^FLASK_CONFIG +development +\Q$home\E\/config\.env:\d+$/m, 'C11 where it comes from');
like($check, qr/^SESSION_IDLE +30m +default$/m, 'C11 defaults');
like($check, qr/^APP_NAME +Flask-Base +default$/m, 'section 6: APP_NAME');
my $json = $cli->json('config check --json');
is($json->{settings}{SECRET_KEY}{value}, '(set)', 'C11 --json hides secrets too');
is($json->{settings}{MAIL_SERVER}{value}, undef, 'C11 --json: not set');

{
    local $cli->{process_env} = { APP_NAME => 'From Environment' };
    is($cli->json('config check --json')->{settings}{APP_NAME}{from}, 'environment',
        'section 6: environment before env file');
    is($cli->json('config check --json --no-env')->{settings}{APP_NAME}{from}, 'default',
        'section 6: --no-env');
}

{
    local $cli->{process_env} = { FLASKBASE_ENV_FILE => '/nonexistent/other.env' };
    is($cli->json('config check --json')->{settings}{FLASKBASE_ENV_FILE}{value}, "$home/config.env",
        '--home brings its own env file');
}

my @wrong = (
    [ { SECRET_KEY => undef }, qr/SECRET_KEY is not set.*flaskbase secret-key/, 'no key' ],
    [ { SECRET_KEY => 'short' }, qr/config\.env:\d+: SECRET_KEY must be a text of 32/, 'short key' ],
    [ { SECRET_KEY => 'SuperRandomStringToBeUsedForEncryption' }, qr/example from documentation/, 'D20 documented key' ],
    [ { FLASK_CONFIG => 'prod' }, qr/FLASK_CONFIG must be development, testing, production, default, heroku or unix/, 'profile' ],
    [ { DATABASE_URL => 'mysql://u:geheim@h/d' }, qr/DATABASE_URL: .*sqlite/, 'database URL' ],
    [ { SESSION_IDLE => '5y' }, qr/SESSION_IDLE must be a duration from 1m to .*, not "5y"/, 'duration' ],
    [ { BASE_URL => 'example.org' }, qr/BASE_URL must be an http/, 'base URL' ],
    [ { SSL_DISABLE => 'perhaps' }, qr/SSL_DISABLE must be on or off/, 'flag' ],
);
for my $case (@wrong) {
    my ($env, $message, $what) = @$case;
    $cli->env(%$env);
    my $text = is_run('config check', 1, $message, qr/^\z/, "C11 $what");
    unlike($text, qr/geheim/, "V16 $what: no secret");
    is_run('user list', 1, qr/^\z/, $message, "$what stops other commands");
}
$cli->env;
chmod 0644, "$home/config.env";
is_run('config check', 1, qr/error: .*every user of this machine can read it; type: chmod/, qr/^\z/, 'V13 open env file');
spew("$home/config.env", "A B\n");
is_run('config check', 1, qr/config\.env:1:3: expected "="/, qr/^\z/, 'C11 a line that is none');
unlink "$home/config.env";
is_run([ 'config', 'check', '--site', "$home/none.env" ], 1, qr/cannot read the env file .*none\.env/, qr/^\z/, 'C11 no file');

# D34: values as people write them.
spew("$home/config.env", "  FLASK_CONFIG = development  # c\nexport SECRET_KEY=\"n3Vq8-test-key-Wz5xTf0aYbKc2mLd7pRgHu4s\"\n"
    . "APP_NAME = 'a=b # c'\nMAIL_USERNAME=x=y=z\n");
chmod 0600, "$home/config.env";
$json = $cli->json('config check --json');
is($json->{settings}{APP_NAME}{value}, 'a=b # c', 'D34 quotes');
is($json->{settings}{MAIL_USERNAME}{value}, 'x=y=z', 'D34 = in a value');
is($json->{settings}{MAIL_USERNAME}{from}, "$home/config.env:4", 'D34 its line');
$cli->env;

# ---- routes ----

my $routes = $cli->json('routes --json');
my %route = map { ("@{ $_->{methods} } $_->{path}" => $_) } @$routes;
is($route{'GET /'}{endpoint}, 'main.index', 'C11 routes: home');
is($route{'GET POST /account/login'}{limit}, 'login', 'C11 routes: limit');
is($route{'GET /admin/'}{permission}, 0xff, 'C11 routes: permission');
is($_->{access} eq 'anyone' ? $_->{permission} : 0, 0, "C11 $_->{path}: login before permission") for @$routes;
my $table = $cli->ok('routes');
is(scalar(split /\n/, $table), @$routes + 1, 'C11 routes: one line each');
unlike($table, qr/ $/m, 'C11 routes: no blanks at the end of a line');

# ---- shell ----

is_run([ 'shell', '-c', 'SELECT 1' ], 1, qr/^\z/, qr/there is no database .*db upgrade/, 'C2 no database yet');
$cli->ok('db upgrade');
is_run([ 'shell', '-c', 'SELECT 40 + 2' ], 0, qr/^42$/m, qr/^\z/, 'C2 shell -c');
is_run([ 'shell', '--command=PRAGMA foreign_keys' ], 0, qr/^1$/m, qr/^\z/, 'C2 with foreign keys');

# ---- output that can't be written ----

SKIP: {
    skip 'no /dev/full', 1 unless -c '/dev/full';
    my ($status) = run_command([ 'sh', '-c', '"$0" secret-key >/dev/full', $program ]);
    is($status, 1, 'a full disk is an error');
}

# ---- the same settings in httpd ----

my $site = FlaskbaseTest->start(users => [], conf => "FlaskbaseSessionIdle 7m\nFlaskbaseHashQueue 3\n");
$site->client->get('/');
my ($status, $text) = $site->cli([ 'config', 'check' ]);
is($status, 0, 'C11 config check beside httpd');
like($text, qr/^warning: SESSION_IDLE differs: httpd has 7m \(.*httpd\.conf:\d+\), the command line 30m/m,
    'C11 a directive that the command line does not know');
like($text, qr/^note: httpd has HASH_QUEUE = 3 /m, 'C11 what httpd alone uses');
unlike($text, qr/SECRET_KEY differs/, 'C11 secrets are compared');
my $report = slurp($site->dir . '/state/settings.json');
unlike($report, qr/n3Vq8/, 'V13 no secret is written down');
$site->stop;

done_testing;
