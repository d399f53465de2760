# The pages under docs/reference/ and docs/man/ say what the tables say.
use strict;
use warnings;
use Test::More;
use FlaskbaseTest qw(run_command slurp);

my $top = FlaskbaseTest->top;
my $cli = $ENV{FB_CLI} || FlaskbaseTest->build . '/flaskbase';
my @pages = map { m{([^/]+)\.md$} ? [ "docs/reference/$1.md", 'reference', $1 ] : () }
    sort glob "'$top/docs/reference/*.md'";
cmp_ok(scalar @pages, '>=', 3, 'there are reference pages');
for my $page (@pages, [ 'docs/man/flaskbase.8', 'help', '--man' ]) {
    my ($file, @words) = @$page;
    my ($status, $text) = run_command([ $cli, @words ]);
    is($status, 0, "flaskbase @words");
    ok($text eq (slurp("$top/$file") // ''), "$file is fresh (make reference writes it)");
}

# Every link from one document to a file of the tree leads somewhere.
my @broken;
for my $document (map { glob "'$top/$_'" } qw(*.md docs/*.md docs/reference/*.md)) {
    (my $folder = $document) =~ s{/[^/]*$}{};
    my $text = slurp($document);
    while ($text =~ /\]\(([^)#:]+)(?:#[^)]*)?\)/g) {
        push @broken, "$document: $1" unless -e "$folder/$1";
    }
}
is(join("\n", @broken), '', 'no link in the documents is broken');
done_testing;
