# Two virtual hosts with two sites and two databases in one httpd; cookies, tokens and users don't
# mix (X14; DESIGN section 3; ASVS V9 other vhost's token).
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(spew);

my $password = 'harbour-lantern-quilt-5';

for my $mpm (qw(event prefork)) {
    # The second site has its own env file, folder and database.
    my $site = FlaskbaseTest->new(mpm => $mpm, on => 0, modules => ['dir'], users => [], env => { FLASKBASE_SITE => 'one' });
    my $other = FlaskbaseTest->new(on => 0, users => [], env => { FLASKBASE_SITE => 'two', APP_NAME => 'Second' });
    $other->make_database;
    $site->make_database;
    $site->add_user(email => 'ada@one.test', password => $password);
    $other->add_user(email => 'bob@two.test', password => $password, first => 'Bob');
    $site->{site} = 0;
    $site->{process_env} = { APP_NAME => 'From the environment' };
    $site->{made} = 1;
    my $port = $site->port;
    $site->{conf} = "<VirtualHost 127.0.0.1:$port>\nServerName one.test\nFlaskbaseEnvFile \"" . $site->env_file
        . "\"\nFlaskbase On\n</VirtualHost>\n"
        . "<VirtualHost 127.0.0.1:$port>\nServerName two.test\nFlaskbaseEnvFile \"" . $other->env_file
        . "\"\nFlaskbase On\n</VirtualHost>\n"
        . "<VirtualHost 127.0.0.1:$port>\nServerName plain.test\n</VirtualHost>\n";
    spew("$site->{dir}/htdocs/index.html", "plain\n");
    $site->start;

    my $ask = sub {
        my ($host, $method, $path, $headers, $body) = @_;
        $body = '' unless defined $body;
        return $site->raw_reply("$method $path HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n"
            . ($headers || '') . ($method eq 'POST' ? 'Content-Length: ' . length($body)
            . "\r\nContent-Type: application/x-www-form-urlencoded\r\n" : '') . "\r\n$body");
    };
    my $login = sub {
        my ($host, $email) = @_;
        my $page = $ask->($host, 'GET', '/account/login');
        my ($cookie) = $page->{headers}{'set-cookie'} =~ /^([^;]+)/;
        my $token = FlaskbaseTest::Client::token($page->{content});
        my $reply = $ask->($host, 'POST', '/account/login', "Cookie: $cookie\r\n",
            FlaskbaseTest::Client::form({ csrf_token => $token, email => $email, password => $password }));
        my ($new) = map { /^([^;]+)/ } grep { /^\S+=\S/ }
            ref $reply->{headers}{'set-cookie'} ? @{ $reply->{headers}{'set-cookie'} } : ($reply->{headers}{'set-cookie'} || '');
        return ($reply, $new, $cookie, $token);
    };

    is($ask->('plain.test', 'GET', '/')->{content}, "plain\n", "$mpm: a virtual host without a site is left alone");
    my ($one, $cookie_one) = $login->('one.test', 'ada@one.test');
    is($one->{status}, 303, "$mpm: login on the first");
    my ($two, $cookie_two) = $login->('two.test', 'bob@two.test');
    is($two->{status}, 303, "$mpm: login on the second");
    my ($cross) = $login->('two.test', 'ada@one.test');
    is($cross->{status}, 200, "$mpm: users of the first are none of the second");
    isnt((split /=/, $cookie_one)[0], (split /=/, $cookie_two)[0], "$mpm: X14 the cookies have two names");

    like($ask->('one.test', 'GET', '/', "Cookie: $cookie_one\r\n")->{content}, qr/Ada Lovelace/, "$mpm: greeted on the first");
    like($ask->('two.test', 'GET', '/', "Cookie: $cookie_two\r\n")->{content}, qr/Bob Lovelace/, "$mpm: greeted on the second");
    like($ask->('one.test', 'GET', '/', "Cookie: $cookie_one; $cookie_two\r\n")->{content}, qr/Ada Lovelace/, "$mpm: both cookies sent");
    # The value of one site's cookie under the other's name opens nothing.
    my $forged = (split /=/, $cookie_two, 2)[0] . '=' . (split /=/, $cookie_one, 2)[1];
    my $reply = $ask->('two.test', 'GET', '/account/manage', "Cookie: $forged\r\n");
    is($reply->{status}, 302, "$mpm: V9 another site's session opens nothing");
    # Neither does its CSRF token.
    my ($first) = $ask->('one.test', 'GET', '/account/login')->{content};
    my $token = FlaskbaseTest::Client::token($first);
    my $page = $ask->('two.test', 'GET', '/account/login');
    my ($own) = $page->{headers}{'set-cookie'} =~ /^([^;]+)/;
    is($ask->('two.test', 'POST', '/account/login', "Cookie: $own\r\n",
            FlaskbaseTest::Client::form({ csrf_token => $token, email => 'bob@two.test', password => $password }))->{status},
        400, "$mpm: V9 another site's CSRF token is refused");
    like($page->{content}, qr/Second/, "$mpm: APP_NAME of the second");
    is($site->sql('SELECT count(*) FROM users WHERE email LIKE \'%@two.test\''), 0, "$mpm: first database");
    is($other->sql('SELECT count(*) FROM users WHERE email LIKE \'%@one.test\''), 0, "$mpm: second database");
    is($ask->('two.test', 'GET', '/', "X-Forwarded-Host: one.test\r\n")->{status}, 200, "$mpm: X-Forwarded-Host changes nothing");
    unlike($ask->($_, 'GET', '/')->{content}, qr/From the environment/,
        "$mpm: the process environment is no site's when there are two") for qw(one.test two.test);
    $site->stop($mpm);
}

# One site in two virtual hosts is one site: its environment counts, its logins hold in both.
{
    my $site = FlaskbaseTest->new(process_env => { APP_NAME => 'From the environment' }, on => 0,
        users => [ { email => 'ada@one.test', password => $password } ]);
    my $port = $site->port;
    $site->{conf} = join '', map { "<VirtualHost 127.0.0.1:$port>\nServerName $_\nServerAlias *.$_\nFlaskbase On\n"
            . "FlaskbaseSessionIdle 20m\n</VirtualHost>\n" } qw(one.test two.test);
    $site->start;
    my $ask = sub { $site->raw_reply("GET / HTTP/1.1\r\nHost: $_[0]\r\nConnection: close\r\n"
            . ($_[1] ? "Cookie: $_[1]\r\n" : '') . "\r\n") };
    like($ask->($_)->{content}, qr/From the environment/, "one site in two hosts: $_") for qw(one.test two.test);
    is($ask->('www.two.test')->{status}, 200, 'a ServerAlias with a wildcard is answered');
    is($ask->('three.test')->{status}, 421, 'another name is not');
    $site->stop('one site');
}
done_testing;
