# The site's session through mod_session's API: other modules read and write keys of it (X14, X12).
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(spew);

sub cookie_count { my @set = FlaskbaseTest::Client::set_cookies($_[0]); return scalar @set }

my $password = 'harbour-lantern-quilt-5';

# Twice: with mod_session loaded before us, and behind us (as Debian's alphabetical order does).
for my $order (qw(before behind)) {
    my $site = FlaskbaseTest->new(
        modules => [ qw(cgid env alias setenvif headers), ($order eq 'before' ? 'session' : ()) ],
        users   => [ { email => 'ada@example.org', password => $password } ],
        htdocs  => { 'plain.txt' => "plain\n" },
    );
    spew("$site->{dir}/cgi-bin/$_->[0]", "#!/bin/sh\n$_->[1]") for
        [ show => "echo 'Content-Type: text/plain'\necho\necho \"\$HTTP_SESSION\"\n" ],
        [ set => "echo 'Content-Type: text/plain'\necho \"X-Replace-Session: \$QUERY_STRING\"\necho\necho set\n" ];
    chmod 0755, "$site->{dir}/cgi-bin", glob "$site->{dir}/cgi-bin/*";
    my $load = $order eq 'behind' ? 'LoadModule session_module "' . FlaskbaseTest::modules() . "/mod_session.so\"\n" : '';
    $site->{conf} = $load . <<"END";
ScriptAlias "/cgi-bin/" "$site->{dir}/cgi-bin/"
ScriptSock "$site->{dir}/run/cgisock"
Session On
SessionEnv On
SessionHeader X-Replace-Session
<Location "/away">
Flaskbase Off
Session Off
</Location>
END
    $site->start;
    my $client = $site->client;

    my $first = $client->get('/');
    is_deeply([ FlaskbaseTest::Client::set_cookies($first) ], [], "$order: X12 Session On alone sets no cookie");
    is($client->get('/plain.txt')->{content}, "plain\n", "$order: other content");
    is_deeply([ FlaskbaseTest::Client::set_cookies($client->{last}) ], [], "$order: X12 nor there");

    my $set = $client->get('/cgi-bin/set?colour=green&size=4');
    is(cookie_count($set), 1, "$order: X14 a key of another module sets one cookie");
    like($set->{headers}{'cache-control'} || '', qr/no-store/, "$order: X12 and the reply is no-store");
    unlike(join(' ', FlaskbaseTest::Client::set_cookies($set)), qr/green/, "$order: sealed, not readable");
    my $shown = $client->get('/cgi-bin/show')->{content};
    like($shown, qr/colour=green/, "$order: X14 and is read back");
    like($shown, qr/size=4/, "$order: both of them");

    # Keys live through the site's own pages; the login drops what came before (ASVS 7.2.4, fixation).
    my $page = $client->get('/account/login');
    cmp_ok(cookie_count($page), '<=', 1, "$order: one Set-Cookie at most");
    like($client->get('/cgi-bin/show')->{content}, qr/colour=green/, "$order: X14 keys live through our pages");
    my $login = $client->login('ada@example.org', $password);
    is($login->{status}, 303, "$order: login with Session On");
    is(cookie_count($login), 1, "$order: one Set-Cookie");
    like($client->get('/')->{content}, qr/Ada Lovelace/, "$order: logged in");
    unlike($client->get('/cgi-bin/show')->{content}, qr/colour=green/, "$order: data from before the login is dropped");

    $client->get('/cgi-bin/set?basket=7');
    like($client->get('/cgi-bin/show')->{content}, qr/basket=7/, "$order: X14 keys of a logged-in session");
    like($client->get('/')->{content}, qr/Ada Lovelace/, "$order: still logged in");
    # An empty value removes a key; the login is none of them.
    $client->get('/cgi-bin/set?other=1&basket=');
    $shown = $client->get('/cgi-bin/show')->{content};
    unlike($shown, qr/basket/, "$order: a removed key is gone");
    like($client->get('/')->{content}, qr/Ada Lovelace/, "$order: and the login is untouched");

    # Forms still work, and logging out forgets the keys.
    my $home = $client->get('/account/manage');
    is($home->{status}, 200, "$order: page with login");
    my $out = $client->submit('/account/logout', {});
    is($out->{status}, 303, "$order: logout");
    unlike($client->get('/cgi-bin/show')->{content}, qr/other=1/, "$order: keys are gone after logout");

    # Too much does not fit, says so in the log, and breaks nothing.
    my $huge = $site->client;
    $huge->get('/cgi-bin/set?x=' . 'y' x 6000);
    is($huge->get('/')->{status}, 200, "$order: an oversized key breaks nothing");
    $site->expect_log(qr/\[flaskbase:(?:error|warn)\].*(?:session|cookie)/i, qr/\[session:error\].*AH01822/);
    $site->stop($order);
}

# SessionMaxAge makes mod_session save at every reply, also at those of login and logout: what the
# session before held must not come back that way (ASVS 7.2.4, 7.4.1).
{
    my $site = FlaskbaseTest->new(
        modules => [qw(cgid env alias session)],
        users   => [ map { { email => "$_\@example.org", password => $password } } qw(ada bob) ],
    );
    spew("$site->{dir}/cgi-bin/show", "#!/bin/sh\necho 'Content-Type: text/plain'\necho\necho \"\$HTTP_SESSION\"\n");
    spew("$site->{dir}/cgi-bin/set",
        "#!/bin/sh\necho 'Content-Type: text/plain'\necho \"X-Replace-Session: \$QUERY_STRING\"\necho\necho set\n");
    chmod 0755, "$site->{dir}/cgi-bin", glob "$site->{dir}/cgi-bin/*";
    $site->{conf} = <<"END";
ScriptAlias "/cgi-bin/" "$site->{dir}/cgi-bin/"
ScriptSock "$site->{dir}/run/cgisock"
Session On
SessionEnv On
SessionMaxAge 1800
SessionHeader X-Replace-Session
END
    $site->start;
    my $client = $site->client;
    $client->get('/cgi-bin/set?planted=1');
    like($client->get('/cgi-bin/show')->{content}, qr/planted=1/, 'SessionMaxAge: X14 a key before the login');
    is($client->login('ada@example.org', $password)->{status}, 303, 'SessionMaxAge: login');
    is(cookie_count($client->{last}), 1, 'SessionMaxAge: one Set-Cookie');
    my $shown = $client->get('/cgi-bin/show')->{content};
    unlike($shown, qr/planted/, 'V7.2.4 SessionMaxAge: what was planted before the login is gone');
    like($shown, qr/expiry=\d/, 'SessionMaxAge: and mod_session has its own key in the new session');
    $client->get('/cgi-bin/set?secret=ada');
    is($client->get('/account/manage')->{status}, 200, 'SessionMaxAge: still logged in');
    like($client->get('/cgi-bin/show')->{content}, qr/secret=ada/, 'SessionMaxAge: X14 a key of the login');
    is($client->submit('/account/logout', {})->{status}, 303, 'SessionMaxAge: logout');
    unlike($client->get('/cgi-bin/show')->{content}, qr/secret/, 'V7.4.1 SessionMaxAge: gone after the logout');
    is($client->get('/account/manage')->{status}, 302, 'SessionMaxAge: logged out');
    is($client->login('bob@example.org', $password)->{status}, 303, 'SessionMaxAge: the next person');
    unlike($client->get('/cgi-bin/show')->{content}, qr/secret/, 'SessionMaxAge: sees nothing of it');
    $site->stop('SessionMaxAge');
}

# Where mod_session has another provider and Flaskbase is off, it is left alone.
{
    my $site = FlaskbaseTest->new(modules => [qw(session session_cookie cgid alias env)], on => 0,
        conf => "<Location \"/members\">\nFlaskbase On\n</Location>\n");
    spew("$site->{dir}/cgi-bin/set", "#!/bin/sh\necho 'Content-Type: text/plain'\necho 'X-Replace-Session: a=b'\necho\n");
    chmod 0755, "$site->{dir}/cgi-bin", "$site->{dir}/cgi-bin/set";
    $site->{conf} .= "ScriptAlias \"/cgi-bin/\" \"$site->{dir}/cgi-bin/\"\nScriptSock \"$site->{dir}/run/cgisock\"\n"
        . "Session On\nSessionCookieName theirs path=/\nSessionHeader X-Replace-Session\n";
    $site->start;
    my ($cookie) = FlaskbaseTest::Client::set_cookies($site->client->get('/cgi-bin/set'));
    like($cookie || '', qr/^theirs=a=b/, "X14 mod_session_cookie keeps its own locations");
    is($site->client->get('/members/')->{status}, 200, 'and ours is served');
    $site->stop('other provider');
}
done_testing;
