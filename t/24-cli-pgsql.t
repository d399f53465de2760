# The command line on PostgreSQL: what 21 to 23 prove on SQLite, and C3 there.
use strict;
use warnings;

use FindBin qw($Bin);
use lib "$Bin/lib";
use FlaskbaseTest qw(free_port);
use FlaskbaseTest::Cli;
use FlaskbaseTest::Postgres;
use Test::More;

$FlaskbaseTest::Cli::server = FlaskbaseTest::Postgres->start;

subtest 'schema' => sub {
    my $cli = FlaskbaseTest::Cli->new;
    like($cli->ok('db upgrade'), qr/^upgrade to 0001 flask_base\nupgrade to 0002 accounts\n\z/, 'C3 upgrade');
    is($cli->ok('db current'), "0002 accounts (head)\n", 'C3 current');
    for my $table ([ roles => qw(id name index default permissions) ],
        [ users => qw(id confirmed first_name last_name email password_hash role_id) ],
        [ editable_html => qw(id editor_name value) ]) {
        my ($name, @want) = @$table;
        my @got = map { $_->[0] } $cli->sql("SELECT column_name FROM information_schema.columns"
            . " WHERE table_name = '$name' ORDER BY ordinal_position");
        is_deeply([ @got[ 0 .. $#want ] ], \@want, "M1-M3 columns of $name");
    }
    is(($cli->sql("SELECT character_maximum_length FROM information_schema.columns WHERE column_name = 'password_hash'"))[0][0],
        255, 'M2 D25 password_hash');
    is($cli->ok('db downgrade base'), "undo 0002 accounts\nundo 0001 flask_base\n", 'C3 downgrade');
    $cli->fails('user list', 1, qr/older than this program/, 'an older schema');
    $cli->ok('db upgrade');
    $cli->ok('setup-dev');
    $cli->ok('recreate-db --yes');
    is_deeply($cli->json('user list --json'), [], 'C5 recreated');
};

subtest 'a server that is away' => sub {
    my $cli = FlaskbaseTest::Cli->new;
    my $port = free_port();
    my $begin = time;
    $cli->env(DATABASE_URL => "postgresql://fb:s3cr3t-words\@127.0.0.1:$port/x");
    my ($status, $out, $err) = $cli->run('user list');
    is($status, 1, 'exit 1');
    like($err, qr/connection to the database failed/, 'says why');
    unlike($err, qr/s3cr3t/, 'V14 and not the password');
    cmp_ok(time - $begin, '<=', 60, 'soon');
};

for my $file (qw(21-cli-setup 22-cli-user 23-cli-fake)) {
    subtest $file => sub {
        defined do "$Bin/$file.t" or die $@ || $!;
    };
}

undef $FlaskbaseTest::Cli::server;
done_testing;
